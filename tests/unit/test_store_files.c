/* SPDX-License-Identifier: MIT
 *
 * Which files are opened at all, who owns the database, copies of it. */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static int try_open(const char *path, bool create, bool own, struct error *err)
{
    struct store *store = NULL;
    const struct store_options options = {.path = path, .create = create, .own = own};
    int r = store_open(&options, &store, err);
    (void)store_close(store);
    return r;
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

/* A path beside the database, by suffix. Good until the next call but one. */
static const char *beside(const struct fixture *f, const char *suffix)
{
    static char paths[2][128];
    static int next;
    next = !next;
    (void)snprintf(paths[next], sizeof(paths[next]), "%s%s", f->db, suffix);
    return paths[next];
}

static void put_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static void a_file_is_made_only_when_asked(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct stat st;
    assert_int_equal(try_open(f->db, false, false, &err), -ENOENT);
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    assert_contains(err.text, f->db);
    assert_int_equal(lstat(f->db, &st), -1);
    put_file(f->db, "", 0600); /* somebody was killed right after making it */
    assert_int_equal(try_open(f->db, false, false, &err), -ENOENT);
    assert_contains(err.text, "is empty");
    assert_int_equal(lstat(f->db, &st), 0);
    assert_int_equal(st.st_size, 0);
    assert_int_equal(try_open(f->db, true, false, &err), 0);
    assert_int_equal(try_open(f->db, false, false, &err), 0);
    assert_int_equal(try_open("/nowhere/at/all/roost.db", false, false, &err), -ENOENT);
    assert_contains(err.text, "there is no database");
    assert_int_equal(try_open("/tmp/", true, false, &err), -EINVAL);
    assert_int_equal(try_open("", true, false, &err), -EINVAL);
}

static void all_files_are_private(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char path[128];
    mode_t before = umask(0);
    struct store *store = NULL;
    (void)snprintf(path, sizeof(path), "%s/new/deep/roost.db", f->folder);
    const struct store_options options = {.path = path, .create = true, .own = true};
    int r = store_open(&options, &store, &err);
    (void)umask(before);
    assert_int_equal(r, 0);
    assert_int_equal(mode_of(path), 0600);
    static const char *const files[] = {"-wal", "-shm", ".lock"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        char file[160];
        (void)snprintf(file, sizeof(file), "%s%s", path, files[i]);
        ROW("%s", file);
        assert_int_equal(mode_of(file), 0600);
    }
    (void)store_close(store);
    (void)unlink(path);
    (void)strcat(path, ".lock");
    (void)unlink(path);
    for (int depth = 0; depth < 2; depth++) {
        *strrchr(path, '/') = '\0';
        assert_int_equal(mode_of(path), 0700);
        assert_int_equal(rmdir(path), 0);
    }
}

static void unsafe_files_are_refused(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    static const struct {
        mode_t mode;
        int r;
    } modes[] = {{0600, 0},      {0400, 0},      {0700, 0},      {0640, -EPERM},
                 {0604, -EPERM}, {0620, -EPERM}, {0602, -EPERM}, {0644, -EPERM}};
    assert_int_equal(try_open(f->db, true, true, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        ROW("%04o", modes[i].mode);
        if (modes[i].mode == 0400 && geteuid() != 0)
            continue;
        assert_int_equal(chmod(f->db, modes[i].mode), 0);
        assert_int_equal(try_open(f->db, true, false, &err), modes[i].r);
        if (modes[i].r < 0)
            assert_contains(err.text, "; chmod 600 /tmp/");
    }
    assert_int_equal(chmod(f->db, 0600), 0);

    assert_int_equal(chmod(beside(f, ".lock"), 0666), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -EPERM);
    assert_contains(err.text, "roost.db.lock is open to other users (mode 0666)");
    assert_int_equal(chmod(beside(f, ".lock"), 0600), 0);
    put_file(beside(f, "-journal"), "", 0660);
    assert_int_equal(try_open(f->db, true, false, &err), -EPERM);
    assert_int_equal(unlink(beside(f, "-journal")), 0);
    assert_int_equal(symlink("/etc/passwd", beside(f, "-wal")), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -ELOOP);
    assert_int_equal(unlink(beside(f, "-wal")), 0);

    assert_int_equal(rename(f->db, beside(f, ".real")), 0);
    assert_int_equal(symlink(beside(f, ".real"), f->db), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -ELOOP);
    assert_contains(err.text, "is a symbolic link");
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(link(beside(f, ".real"), f->db), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -EMLINK);
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(mkfifo(f->db, 0600), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -EINVAL);
    assert_contains(err.text, "not a regular file");
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(try_open(f->folder, true, false, &err), -EINVAL);
}

static void only_our_own_files_are_opened(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    if (geteuid() != 0)
        skip();
    assert_int_equal(try_open(f->db, true, false, &err), 0);
    assert_int_equal(chown(f->db, 12345, 0), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -EPERM);
    assert_contains(err.text, "belongs to user 12345");
}

static void folders_of_everybody_are_refused(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    assert_int_equal(chmod(f->folder, 0777), 0);
    assert_int_equal(try_open(f->db, true, false, &err), -EPERM);
    assert_contains(err.text, "can be written by everybody");
    assert_int_equal(access(f->db, F_OK), -1);
    assert_int_equal(chmod(f->folder, 01777), 0); /* like /tmp: only when it is root's */
    assert_int_equal(try_open(f->db, true, false, &err), geteuid() == 0 ? 0 : -EPERM);
    if (geteuid() == 0) {
        assert_int_equal(chown(f->folder, 12345, 0), 0);
        assert_int_equal(try_open(f->db, true, false, &err), -EPERM);
    }
}

static void a_folder_may_be_a_link(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    char link_path[96], path[128];
    int pid = -1;
    (void)snprintf(link_path, sizeof(link_path), "%s.link", f->folder);
    (void)snprintf(path, sizeof(path), "%s/roost.db", link_path);
    assert_int_equal(symlink(f->folder, link_path), 0);
    int r = try_open(path, true, true, &err);
    /* Both names lead to the same lock. */
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .own = true};
    if (r == 0)
        r = store_open(&options, &store, &err);
    int second = try_open(path, true, true, &err);
    int owner = store_owner(path, &pid, NULL);
    (void)unlink(link_path);
    (void)store_close(store);
    assert_int_equal(r, 0);
    assert_int_equal(second, -EBUSY);
    assert_int_equal(owner, 0);
    assert_int_equal(pid, getpid());
}

/* A process that owns the database until it is told to go: it says so through the pipe. */
static pid_t owner_start(const struct fixture *f, int ret_pipe[2])
{
    assert_int_equal(pipe(ret_pipe), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        char ready = 0;
        assert_int_equal(read(ret_pipe[0], &ready, 1), 1);
        assert_int_equal(ready, 'y');
        return pid;
    }
    struct store *store = NULL;
    const struct store_options options = {.path = f->db, .create = true, .own = true};
    int r = store_open(&options, &store, NULL);
    (void)!write(ret_pipe[1], r == 0 ? "y" : "n", 1);
    (void)pause();
    _exit(0);
}

static void there_is_one_owner(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL;
    int ends[2], pid = -1, status;
    char expected[160];
    assert_int_equal(store_owner(f->db, &pid, &err), 0); /* no file yet */
    assert_int_equal(pid, 0);
    pid_t owner = owner_start(f, ends);
    assert_int_equal(store_owner(f->db, &pid, &err), 0);
    assert_int_equal(pid, owner);
    assert_int_equal(try_open(f->db, false, true, &err), -EBUSY);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_string_equal(err.code, "locked");
    (void)snprintf(
        expected, sizeof(expected),
        "the database %s is in use by roost (pid %d); stop that one first or use its socket", f->db,
        (int)owner);
    assert_string_equal(err.text, expected);
    assert_int_equal(try_open(f->db, false, false, &err), 0); /* others may use it */
    assert_int_equal(store_owner(f->db, &pid, &err), 0);
    assert_int_equal(pid, owner);

    assert_int_equal(kill(owner, SIGKILL), 0);
    assert_int_equal(waitpid(owner, &status, 0), owner);
    assert_int_equal(store_owner(f->db, &pid, &err), 0);
    assert_int_equal(pid, 0);
    const struct store_options options = {.path = f->db, .own = true};
    assert_int_equal(store_open(&options, &store, &err), 0);
    assert_int_equal(store_owner(f->db, &pid, &err), 0); /* looking does not lose the lock */
    assert_int_equal(pid, getpid());
    assert_int_equal(try_open(f->db, false, true, &err), -EBUSY);
    store = store_close(store);
    assert_int_equal(store_owner(f->db, &pid, &err), 0);
    assert_int_equal(pid, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void a_removed_lock_file_is_made_again(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    struct store *store = NULL, *other = NULL;
    bool changed;
    const struct store_options options = {.path = f->db, .create = true, .own = true};
    assert_int_equal(store_open(&options, &store, &err), 0);
    assert_int_equal(unlink(beside(f, ".lock")), 0);
    assert_int_equal(store_changed(store, &changed, &err), 0);
    assert_int_equal(try_open(f->db, false, true, &err), -EBUSY);
    /* Faster than our next look: two owners, and the first one hears of it. */
    assert_int_equal(unlink(beside(f, ".lock")), 0);
    assert_int_equal(store_open(&options, &other, &err), 0);
    assert_int_equal(store_changed(store, &changed, &err), -EBUSY);
    assert_string_equal(err.code, "locked");
    (void)store_close(other);
    (void)store_close(store);
}

static void a_replaced_database_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    bool changed;
    struct store *store = fixture_open(f);
    assert_int_equal(store_backup(store, beside(f, ".copy"), &err), 0);
    assert_int_equal(rename(beside(f, ".copy"), f->db), 0);
    assert_int_equal(store_changed(store, &changed, &err), -ESTALE);
    assert_string_equal(err.code, "replaced");
    assert_contains(err.text, "restart this program");
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(store_changed(store, &changed, &err), -ESTALE);
    (void)store_close(store);
}

/* sqlite3's `.restore`: other content in the same file. */
static void restore_into(const struct fixture *f, const char *copy)
{
    sqlite3 *from = NULL;
    _cleanup_(client_closep) sqlite3 *to = client_open(f);
    assert_int_equal(sqlite3_open(copy, &from), SQLITE_OK);
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    assert_non_null(backup);
    assert_int_equal(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    assert_int_equal(sqlite3_backup_finish(backup), SQLITE_OK);
    assert_int_equal(sqlite3_close(from), SQLITE_OK);
}

static int ignore_agent(void *ctx, const struct store_agent *agent)
{
    return 0;
}

static int ignore_tombstone(void *ctx, const struct store_tombstone *tombstone)
{
    return 0;
}

static void a_restored_database_is_noticed(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    bool changed = false;
    uint64_t generation = 0;
    char other[128];
    (void)snprintf(other, sizeof(other), "%s", beside(f, ".other"));
    struct store *store = fixture_open(f);
    assert_int_equal(store_backup(store, beside(f, ".copy"), &err), 0);
    struct store_agent agent = {.name = "a", .lifecycle = "hot", .image = "x", .spec = "{}"};
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), 0);
    assert_int_equal(
        store_read_changes(store, 0, ignore_agent, ignore_tombstone, NULL, &generation, &err), 0);
    restore_into(f, beside(f, ".copy"));
    assert_int_equal(store_changed(store, &changed, &err), 0);
    assert_true(changed);
    assert_int_equal(store_read_changes(store, generation, ignore_agent, ignore_tombstone, NULL,
                                        &generation, &err),
                     -ESTALE);
    assert_contains(err.text, "replaced by an older copy");
    const struct store_options options = {.path = other, .create = true};
    struct store *another = NULL;
    assert_int_equal(store_open(&options, &another, &err), 0);
    (void)store_close(another);
    restore_into(f, other);
    assert_int_equal(store_changed(store, &changed, &err), -ESTALE);
    (void)store_close(store);
}

static void a_copy_is_whole_private_and_never_over_another(void **state)
{
    struct fixture *f = *state;
    struct error err = ERROR_INIT;
    bool changed;
    char copy[128];
    (void)snprintf(copy, sizeof(copy), "%s", beside(f, ".copy"));
    struct store *store = fixture_open(f);
    struct store_agent agent = {.name = "a", .lifecycle = "hot", .image = "x", .spec = "{}"};
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), 0);
    mode_t before = umask(0);
    int r = store_backup(store, copy, &err);
    (void)umask(before);
    assert_int_equal(r, 0);
    assert_int_equal(mode_of(copy), 0600);
    assert_int_equal(store_backup(store, copy, &err), -EEXIST);
    assert_int_equal(err.kind, ERROR_CONFLICT);
    assert_contains(err.text, "exists already");
    assert_int_equal(symlink("/tmp/nowhere/x", beside(f, ".link")), 0);
    assert_int_equal(store_backup(store, beside(f, ".link"), &err), -EEXIST);
    assert_true(store_backup(store, "/nowhere/at/all", &err) < 0);
    assert_contains(err.text, "cannot write /nowhere/at/all");

    struct store *back = NULL;
    const struct store_options options = {.path = copy};
    assert_int_equal(store_open(&options, &back, &err), 0);
    assert_string_equal(store_uid(back), store_uid(store));
    assert_int_equal(store_read_agent(back, "a", ignore_agent, NULL, &err), 0);
    assert_int_equal(store_check(back, true, &err), 0);
    (void)store_close(back);
    store = store_close(store);

    /* From a connection that only reads, too. */
    const struct store_options read_only = {.path = f->db, .read_only = true};
    assert_int_equal(store_open(&read_only, &store, &err), 0);
    assert_int_equal(store_backup(store, beside(f, ".copy2"), &err), 0);
    assert_int_equal(store_write_agent(store, &agent, &changed, &err), -EROFS);
    (void)store_close(store);
    /* Nothing half-made is left. */
    DIR *dir = opendir(f->folder);
    for (struct dirent *entry; (entry = readdir(dir));)
        assert_true(!strstr(entry->d_name, "copy.") && !strstr(entry->d_name, "link."));
    (void)closedir(dir);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_made_only_when_asked),
        TEST(all_files_are_private),
        TEST(unsafe_files_are_refused),
        TEST(only_our_own_files_are_opened),
        TEST(folders_of_everybody_are_refused),
        TEST(a_folder_may_be_a_link),
        TEST(there_is_one_owner),
        TEST(a_removed_lock_file_is_made_again),
        TEST(a_replaced_database_is_noticed),
        TEST(a_restored_database_is_noticed),
        TEST(a_copy_is_whole_private_and_never_over_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
