/* SPDX-License-Identifier: MIT
 *
 * The server's socket file, who may use it, and what the client says where there is no daemon or
 * an odd one.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sys/wait.h>

#include "api_world.h"
#include "base/cleanup.h"

#define NOBODY 65534
#define GROUP  4242 /* of the socket, in the tests that change it */

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode;
}

static void unix_close(const char *path, const struct unix_socket *socket)
{
    /* In this order, as the server does. */
    unix_unlink(path, socket);
    assert_int_equal(close(socket->fd), 0);
}

struct folder {
    char dir[32];
    char path[64];
};

static void folder_open(struct folder *folder)
{
    *folder = (struct folder){.dir = "/tmp/roost-api-XXXXXX"};
    assert_non_null(mkdtemp(folder->dir));
    (void)snprintf(folder->path, sizeof(folder->path), "%s/roost.sock", folder->dir);
}

static void folder_close(const struct folder *folder)
{
    assert_int_equal(rmdir(folder->dir), 0);
}

static void test_mode_whatever_the_umask(void **state)
{
    (void)state;
    static const mode_t masks[] = {0, 022, 077, 0777};
    struct folder folder;
    folder_open(&folder);
    for (size_t i = 0; i < ARRAY_LEN(masks); i++) {
        ROW("%03o", masks[i]);
        struct unix_socket socket;
        struct error err = ERROR_INIT;
        mode_t before = umask(masks[i]);
        int r = unix_listen(folder.path, &socket, &err);
        (void)umask(before);
        assert_int_equal(r, 0);
        assert_int_equal(mode_of(folder.path), S_IFSOCK | 0660);
        unix_close(folder.path, &socket);
        assert_int_equal(access(folder.path, F_OK), -1);
    }
    folder_close(&folder);
}

static void test_folder_is_made(void **state)
{
    (void)state;
    struct folder folder;
    struct unix_socket socket;
    struct error err = ERROR_INIT;
    folder_open(&folder);
    char dir[64];
    char path[80];
    (void)snprintf(dir, sizeof(dir), "%s/run", folder.dir);
    (void)snprintf(path, sizeof(path), "%s/roost.sock", dir);
    assert_int_equal(unix_listen(path, &socket, &err), 0);
    assert_int_equal(mode_of(dir), S_IFDIR | 0755);
    unix_close(path, &socket);
    assert_int_equal(rmdir(dir), 0);
    folder_close(&folder);
}

static void make_plain_file(const char *path)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs("precious", file);
    (void)fclose(file);
}

static void make_symlink(const char *path)
{
    assert_int_equal(symlink("/nowhere", path), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void test_other_files_are_left_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*make)(const char *path);
    } rows[] = {{"file", make_plain_file}, {"symlink", make_symlink}, {"fifo", make_fifo}};
    struct folder folder;
    folder_open(&folder);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].name);
        struct unix_socket socket;
        struct error err = ERROR_INIT;
        rows[i].make(folder.path);
        mode_t before = mode_of(folder.path);
        assert_int_equal(unix_listen(folder.path, &socket, &err), -EEXIST);
        assert_int_equal(err.kind, ERROR_CONFLICT);
        assert_string_equal(err.code, "not_a_socket");
        assert_int_equal(mode_of(folder.path), before);
        assert_int_equal(unlink(folder.path), 0);
    }
    folder_close(&folder);
}

static void test_stale_replaced_live_refused(void **state)
{
    (void)state;
    struct folder folder;
    struct unix_socket first;
    struct unix_socket second;
    struct error err = ERROR_INIT;
    folder_open(&folder);
    assert_int_equal(unix_listen(folder.path, &first, &err), 0);
    assert_int_equal(unix_listen(folder.path, &second, &err), -EADDRINUSE);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_string_equal(err.code, "socket_in_use");
    assert_int_equal(access(folder.path, F_OK), 0);

    /* Its owner was killed: nobody answers. */
    assert_int_equal(close(first.fd), 0);
    assert_int_equal(unix_listen(folder.path, &second, &err), 0);
    unix_close(folder.path, &second);
    folder_close(&folder);
}

static void test_another_servers_file_stays(void **state)
{
    (void)state;
    struct folder folder;
    struct unix_socket first;
    struct unix_socket second;
    struct error err = ERROR_INIT;
    folder_open(&folder);
    assert_int_equal(unix_listen(folder.path, &first, &err), 0);
    assert_int_equal(unlink(folder.path), 0); /* by hand */
    assert_int_equal(unix_listen(folder.path, &second, &err), 0);
    unix_close(folder.path, &first);
    assert_int_equal(access(folder.path, F_OK), 0);
    unix_close(folder.path, &second);
    assert_int_equal(access(folder.path, F_OK), -1);
    folder_close(&folder);
}

static void test_datagram_socket_is_refused(void **state)
{
    (void)state;
    struct folder folder;
    struct unix_socket socket_made;
    struct error err = ERROR_INIT;
    folder_open(&folder);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", folder.path);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(unix_listen(folder.path, &socket_made, &err), -EADDRINUSE);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(folder.path), 0);
    folder_close(&folder);
}

static void test_bad_paths(void **state)
{
    (void)state;
    char longest[200];
    memset(longest, 'a', sizeof(longest));
    longest[0] = '/';
    longest[sizeof(longest) - 1] = '\0';
    const struct {
        const char *path;
        int r;
    } rows[] = {
        {"", -ENAMETOOLONG},
        {longest, -ENAMETOOLONG},
        {"/nowhere/at/all/roost.sock", -ENOENT},
        {"/dev/null/roost.sock", -ENOTDIR},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].path);
        struct unix_socket socket;
        struct error err = ERROR_INIT;
        assert_int_equal(unix_listen(rows[i].path, &socket, &err), rows[i].r);
        assert_true(error_is_set(&err));
    }
}

/* Two at once: one wins, the other is refused, whatever the order. */
static void *listen_thread(void *ctx)
{
    struct unix_socket socket = {.fd = -1};
    struct error err = ERROR_INIT;
    int r = unix_listen(ctx, &socket, &err);
    return (void *)(intptr_t)(r < 0 ? r : socket.fd);
}

static void test_two_at_once(void **state)
{
    (void)state;
    struct folder folder;
    folder_open(&folder);
    for (int round = 0; round < 1000; round++) {
        pthread_t threads[4];
        int winner = -1;
        for (size_t i = 0; i < ARRAY_LEN(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, listen_thread, folder.path), 0);
        for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
            void *result = NULL;
            assert_int_equal(pthread_join(threads[i], &result), 0);
            int r = (int)(intptr_t)result;
            if (r < 0) {
                assert_int_equal(r, -EADDRINUSE);
                continue;
            }
            assert_int_equal(winner, -1);
            winner = r;
        }
        assert_true(winner >= 0);
        assert_int_equal(close(winner), 0); /* and leaves a stale file for the next round */
    }
    assert_int_equal(unlink(folder.path), 0);
    folder_close(&folder);
}

static void test_server_refuses_a_live_socket(void **state)
{
    (void)state;
    struct world world;
    struct unix_socket other;
    struct error err = ERROR_INIT;
    world_open(&world);
    assert_int_equal(unix_listen(world.path, &other, &err), 0);
    assert_int_equal(api_server_open(&world.loop, &world.options, &world.server, &err),
                     -EADDRINUSE);
    unix_close(world.path, &other);
    struct client *client = world_caller(&world, "GET", "/v1/agents");
    world_run(&world);
    assert_int_equal(client->r, 0);
    world_close(&world);
}

/* Other users: a child takes another uid and calls. Its exit status says what came of it. */

enum child_outcome { CHILD_OK = 10, CHILD_DENIED, CHILD_SOCKET_DENIED, CHILD_OTHER };

static int child_call(const char *path)
{
    struct api_answer answer = {0};
    struct error err = ERROR_INIT;
    if (api_call(path, "GET", "/v1/agents", NULL, NULL, NULL, &answer, &err) == 0)
        return CHILD_OK;
    if (err.kind == ERROR_DENIED && strcmp(err.code, "denied") == 0)
        return CHILD_DENIED;
    if (err.kind == ERROR_DENIED && strcmp(err.code, "socket_denied") == 0)
        return CHILD_SOCKET_DENIED;
    (void)fprintf(stderr, "%s: %s\n", err.code, err.text);
    return CHILD_OTHER;
}

struct user_row {
    const char *name;
    mode_t mode; /* of the socket file */
    gid_t gid;   /* the child's own */
    gid_t extra; /* its supplementary one; 0: none */
    enum child_outcome outcome;
};

static const struct user_row *user_row; /* the thread below has no other way to know */

static void client_other_user(struct client *client)
{
    const struct user_row *row = user_row;
    const char *path = client->world->path;
    if (chmod(path, row->mode) < 0 || chown(path, (uid_t)-1, GROUP) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        if (setgroups(row->extra ? 1 : 0, &row->extra) < 0 || setgid(row->gid) < 0 ||
            setuid(NOBODY) < 0)
            _exit(CHILD_OTHER);
        _exit(child_call(path));
    }
    int status = 0;
    if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
        client->r = WEXITSTATUS(status);
}

static void test_other_users(void **state)
{
    (void)state;
    static const struct user_row rows[] = {
        {"nobody", 0660, NOBODY, 0, CHILD_SOCKET_DENIED},
        {"nobody, the file opened to all", 0666, NOBODY, 0, CHILD_DENIED},
        {"by its group", 0660, GROUP, 0, CHILD_OK},
        {"by a supplementary group", 0660, NOBODY, GROUP, CHILD_OK},
        {"by another group, the file opened to all", 0666, NOBODY, GROUP + 1, CHILD_DENIED},
    };
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].name);
        struct world world;
        world_open(&world);
        assert_int_equal(chmod(world.dir, 0755), 0);
        user_row = &rows[i];
        struct client *client = world_client(&world, client_other_user);
        world_run(&world);
        assert_int_equal(client->r, rows[i].outcome);
        assert_int_equal(world.fake.calls, rows[i].outcome == CHILD_OK);
        world_close(&world);
    }
}

/* The client where no daemon is. */

static void test_no_daemon(void **state)
{
    (void)state;
    struct folder folder;
    struct unix_socket socket;
    struct api_answer answer = {0};
    struct error err = ERROR_INIT;
    folder_open(&folder);
    ROW("no socket");
    assert_true(api_call(folder.path, "GET", "/v1/agents", NULL, NULL, NULL, &answer, &err) < 0);
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_string_equal(err.code, "no_daemon");
    ROW("a stale socket");
    assert_int_equal(unix_listen(folder.path, &socket, &err), 0);
    assert_int_equal(close(socket.fd), 0);
    error_clear(&err);
    assert_true(api_call(folder.path, "GET", "/v1/agents", NULL, NULL, NULL, &answer, &err) < 0);
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_string_equal(err.code, "no_daemon");
    assert_int_equal(unlink(folder.path), 0);
    ROW("a file");
    make_plain_file(folder.path);
    assert_true(api_call(folder.path, "GET", "/v1/agents", NULL, NULL, NULL, &answer, &err) < 0);
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_int_equal(unlink(folder.path), 0);
    ROW("a path that is too long");
    char longest[200];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_true(api_call(longest, "GET", "/v1/agents", NULL, NULL, NULL, &answer, &err) < 0);
    assert_string_equal(err.code, "bad_socket_path");
    folder_close(&folder);
}

/* A daemon that says odd things: it takes one request, sends `say`, and closes. */

struct odd {
    int listen_fd;
    const char *say;
};

static void *odd_main(void *ctx)
{
    const struct odd *odd = ctx;
    char head[4096];
    int fd = accept(odd->listen_fd, NULL, NULL);
    if (fd < 0)
        return NULL;
    size_t len = 0;
    while (len < sizeof(head) - 1) {
        ssize_t n = recv(fd, head + len, sizeof(head) - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
        head[len] = '\0';
        if (strstr(head, "\r\n\r\n"))
            break;
    }
    (void)raw_send(fd, odd->say, strlen(odd->say));
    (void)close(fd);
    return NULL;
}

#define STREAM "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"

static void count_news(void *ctx, const json_t *news)
{
    (void)news;
    ++*(unsigned *)ctx;
}

static void test_odd_daemons(void **state)
{
    (void)state;
    static const struct {
        const char *say;
        int r;
        enum error_kind kind;
        const char *code;
        unsigned news;
    } rows[] = {
        {"", -ECONNRESET, ERROR_UNREACHABLE, "daemon_died"},
        {"HTTP/1.1 200 OK\r\nContent-Le", -ECONNRESET, ERROR_UNREACHABLE, "daemon_died"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", -ECONNRESET, ERROR_UNREACHABLE,
         "daemon_died"},
        {"nonsense\r\n\r\n", -ECONNRESET, ERROR_UNREACHABLE, "daemon_died"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhat", -EBADMSG, ERROR_FAILED, "bad_answer"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0, ERROR_NONE, ""},
        {"HTTP/1.1 204 No Content\r\n\r\n", 0, ERROR_NONE, ""},
        {"HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n",
         -EREMOTEIO, ERROR_FAILED, ""},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n<h1>", -EREMOTEIO, ERROR_NOT_FOUND,
         "not_found"},
        {STREAM, -ECONNRESET, ERROR_UNREACHABLE, "daemon_died"},
        {STREAM "event: progress\ndata: {}\n\n", -ECONNRESET, ERROR_UNREACHABLE, "daemon_died", 1},
        {STREAM "event: progress\ndata: what\n\n", -EBADMSG, ERROR_FAILED, "bad_answer"},
        {STREAM "event: report\ndata: {}\n\n", -ECONNRESET, ERROR_UNREACHABLE, "daemon_died"},
        {STREAM "event: report\ndata: {\"status\":200}\n", -ECONNRESET, ERROR_UNREACHABLE,
         "daemon_died"},
        {STREAM "event: report\ndata: {\"status\":200,\"body\":null}\n\n", 0, ERROR_NONE, ""},
        /* Nothing but the report is missed when the end is cut off. */
        {"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 999\r\n\r\n"
         "event: report\ndata: {\"status\":200,\"body\":{}}\n\n",
         0, ERROR_NONE, ""},
        {STREAM "event: new\ndata: what\n\n:\n\nevent: report\ndata: {\"status\":507}\n\n",
         -EREMOTEIO, ERROR_STORAGE, "storage"},
    };
    struct folder folder;
    folder_open(&folder);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].say);
        struct unix_socket socket;
        struct error err = ERROR_INIT;
        assert_int_equal(unix_listen(folder.path, &socket, &err), 0);
        assert_int_equal(fcntl(socket.fd, F_SETFL, 0), 0);
        struct odd odd = {.listen_fd = socket.fd, .say = rows[i].say};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, odd_main, &odd), 0);
        struct api_answer answer = {0};
        unsigned news = 0;
        int r =
            api_call(folder.path, "POST", "/v1/reconcile", NULL, count_news, &news, &answer, &err);
        assert_int_equal(pthread_join(thread, NULL), 0);
        assert_int_equal(r, rows[i].r);
        assert_int_equal(err.kind, rows[i].kind);
        assert_string_equal(err.code, rows[i].code);
        assert_int_equal(news, rows[i].news);
        api_answer_close(&answer);
        unix_close(folder.path, &socket);
    }
    folder_close(&folder);
}

/* It listens and never answers: as when it is stopped, or hangs. */
static void test_silent_daemon(void **state)
{
    (void)state;
    struct folder folder;
    struct unix_socket socket;
    struct api_answer answer = {0};
    struct error err = ERROR_INIT;
    folder_open(&folder);
    assert_int_equal(unix_listen(folder.path, &socket, &err), 0);
    const struct api_client client = {.socket_path = folder.path, .silence_ms = 10};
    assert_int_equal(api_client_call(&client, "GET", "/v1/agents", NULL, &answer, &err),
                     -ETIMEDOUT);
    assert_int_equal(err.kind, ERROR_UNREACHABLE);
    assert_string_equal(err.code, "daemon_silent");
    unix_close(folder.path, &socket);
    folder_close(&folder);
}

static void test_paths_that_are_none(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "", "v1", "@x/v1", "/v1 HTTP/1.1", "/v1\r\nX: y", "/v1/\xc3\xa4", "/v1\x7f"};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i]);
        struct api_answer answer = {0};
        struct error err = ERROR_INIT;
        assert_int_equal(api_call("/tmp/nothing", "GET", rows[i], NULL, NULL, NULL, &answer, &err),
                         -EINVAL);
        assert_string_equal(err.code, "bad_path");
    }
}

static void test_path_append(void **state)
{
    (void)state;
    static const struct {
        const char *segment, *expect;
    } rows[] = {
        {"web-1.a_b~", "/v1/web-1.a_b~"},
        {"a/b?c#d%", "/v1/a%2Fb%3Fc%23d%25"},
        {"\xc3\xa4 +", "/v1/%C3%A4%20%2B"},
        {"", "/v1/"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].segment);
        _cleanup_(buf_close) struct buf path = BUF_INIT(256);
        assert_int_equal(buf_puts(&path, "/v1"), 0);
        assert_int_equal(api_path_append(&path, rows[i].segment), 0);
        assert_string_equal(buf_text(&path), rows[i].expect);
    }
}

int main(void)
{
    world_warm_up();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mode_whatever_the_umask),
        cmocka_unit_test(test_folder_is_made),
        cmocka_unit_test(test_other_files_are_left_alone),
        cmocka_unit_test(test_stale_replaced_live_refused),
        cmocka_unit_test(test_another_servers_file_stays),
        cmocka_unit_test(test_datagram_socket_is_refused),
        cmocka_unit_test(test_bad_paths),
        cmocka_unit_test(test_two_at_once),
        cmocka_unit_test(test_server_refuses_a_live_socket),
        cmocka_unit_test(test_other_users),
        cmocka_unit_test(test_no_daemon),
        cmocka_unit_test(test_odd_daemons),
        cmocka_unit_test(test_silent_daemon),
        cmocka_unit_test(test_paths_that_are_none),
        cmocka_unit_test(test_path_append),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    curl_global_cleanup();
    return failed;
}
