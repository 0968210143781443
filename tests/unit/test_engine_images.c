/* SPDX-License-Identifier: MIT
 *
 * Pulling: references, credentials of the Docker configuration and its helpers, and what a stream
 * of progress comes to.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "engine/docker/login.h"
#include "engine/docker/reference.h"
#include "engine_fake.h"

static void references(void **state)
{
    static const struct {
        const char *image, *name, *tag, *host; /* name NULL: refused */
    } rows[] = {
        {"busybox", "busybox", "latest", "docker.io"},
        {"busybox:1.36", "busybox", "1.36", "docker.io"},
        {"library/busybox", "library/busybox", "latest", "docker.io"},
        {"ghcr.io/a/b:v1", "ghcr.io/a/b", "v1", "ghcr.io"},
        {"localhost/x", "localhost/x", "latest", "localhost"},
        {"localhost:5000/x", "localhost:5000/x", "latest", "localhost:5000"},
        {"r:5000/a/b:1", "r:5000/a/b", "1", "r:5000"},
        {"busybox@sha256:ab", "busybox", "sha256:ab", "docker.io"},
        {"ghcr.io/a:v1@sha256:ab", "ghcr.io/a", "sha256:ab", "ghcr.io"},
        {"", NULL, NULL, NULL},
        {"@sha256:ab", NULL, NULL, NULL},
        {"a:", NULL, NULL, NULL},
        {":1", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct reference r = {0};
        ROW("%s", rows[i].image);
        assert_int_equal(reference_parse(rows[i].image, &r), rows[i].name ? 0 : -EINVAL);
        assert_string_equal(r.name, rows[i].name ? rows[i].name : "");
        assert_string_equal(r.tag, rows[i].name ? rows[i].tag : "");
        assert_string_equal(r.host, rows[i].name ? rows[i].host : "");
    }
}

/* "user:pass", for r.example; {"username":"user","password":"pass","serveraddress":…}. */
#define PAIR     "dXNlcjpwYXNz"
#define OF_PAIR  "eyJ1c2VybmFtZSI6InVzZXIiLCJwYXNzd29yZCI6InBhc3MiLCJzZXJ2ZXJhZGRyZXNzIjoi"
#define EXAMPLE  "ci5leGFtcGxlIn0="                 /* r.example"} */
#define OF_TOKEN "eyJpZGVudGl0eXRva2VuIjoidG9rIiwi" /* {"identitytoken":"tok"," */

static void logins(void **state)
{
    static const struct {
        const char *config, *host, *helper, *header; /* how the header begins; NULL: none */
    } rows[] = {
        {"{}", "r.example", "", NULL},
        {"{\"auths\":{\"r.example\":{\"auth\":\"" PAIR "\"}}}", "r.example", "", OF_PAIR EXAMPLE},
        {"{\"auths\":{\"https://r.example/v2/\":{\"auth\":\"" PAIR "\"}}}", "r.example", "",
         OF_PAIR EXAMPLE},
        {"{\"auths\":{\"r.example\":{\"username\":\"user\",\"password\":\"pass\"}}}", "r.example",
         "", OF_PAIR EXAMPLE},
        {"{\"auths\":{\"r.example\":{\"auth\":\"" PAIR "\"}}}", "other.example", "", NULL},
        {"{\"auths\":{\"r.example.org\":{\"auth\":\"" PAIR "\"}}}", "r.example", "", NULL},
        {"{\"auths\":{\"r.example\":{\"auth\":\"%%%\"}}}", "r.example", "", NULL},
        {"{\"auths\":{\"r.example\":{}}}", "r.example", "", NULL},
        {"{\"auths\":[1]}", "r.example", "", NULL},
        {"{\"auths\":{\"r.example\":{\"auth\":\"" PAIR "\",\"identitytoken\":\"tok\"}}}",
         "r.example", "", OF_TOKEN},
        {"{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"" PAIR "\"}}}", "docker.io", "",
         OF_PAIR},
        {"{\"auths\":{\"docker.io\":{\"auth\":\"" PAIR "\"}}}", "docker.io", "", OF_PAIR},
        {"{\"credsStore\":\"pass\"}", "r.example", "pass", NULL},
        {"{\"credsStore\":\"pass\",\"credHelpers\":{\"r.example\":\"own\"}}", "r.example", "own",
         NULL},
        {"{\"credsStore\":\"pass\",\"credHelpers\":{\"r.example\":\"own\"}}", "docker.io", "pass",
         NULL},
        {"{\"credHelpers\":{\"r.example\":\"../../bin/sh\"}}", "r.example", "", NULL},
        {"{\"credsStore\":\"\"}", "r.example", "", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct login login;
        json_t *config = json_loads(rows[i].config, 0, NULL);
        ROW("%s of %s", rows[i].host, rows[i].config);
        assert_non_null(config);
        login_find(config, rows[i].host, &login);
        assert_string_equal(login.helper, rows[i].helper);
        assert_int_equal(login.header == NULL, rows[i].header == NULL);
        if (login.header)
            assert_memory_equal(login.header, rows[i].header, strlen(rows[i].header));
        login_close(&login);
        json_decref(config);
    }
}

/* A configuration and, where `script` is given, a helper "docker-credential-test". */
static char folder[64];

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
}

static int folder_setup(void **state)
{
    char path[512];
    (void)snprintf(folder, sizeof(folder), "/tmp/roost-images-XXXXXX");
    if (!mkdtemp(folder) || setenv("DOCKER_CONFIG", folder, 1) < 0)
        return -1;
    (void)snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
    return setenv("PATH", path, 1);
}

static int folder_teardown(void **state)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/config.json", folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/docker-credential-test", folder);
    (void)unlink(path);
    return rmdir(folder);
}

#define PULLED "{\"status\":\"Status: Downloaded newer image\"}\n"
#define CREATE "POST /v1.41/images/create?fromImage=r.example%2Fa&tag=1"

static const struct {
    const char *name, *config, *helper;
    struct fake_rule rule;
    enum engine_outcome outcome;
    const char *words, *header; /* NULL: none was sent */
} pulls[] = {
    {"well", "{}", NULL, {.request = CREATE, .status = 200, .body = PULLED}, ENGINE_DONE, "", NULL},
    {"in pieces",
     "{}",
     NULL,
     {.request = CREATE, .status = 200, .body = PULLED PULLED, .piece = 7},
     ENGINE_DONE,
     "",
     NULL},
    {"an error within",
     "{}",
     NULL,
     {.request = CREATE,
      .status = 200,
      .body = PULLED "{\"errorDetail\":{\"message\":\"no \\u001b[31mspace\"},\"error\":\"x\"}"},
     ENGINE_REFUSED,
     "pull image r.example/a:1: no \\x1b[31mspace",
     NULL},
    {"cut off within",
     "{}",
     NULL,
     {.request = CREATE, .status = 200, .body = "{\"status\":"},
     ENGINE_UNREACHABLE,
     "pull image r.example/a:1: the answer ended too early",
     NULL},
    {"not there",
     "{}",
     NULL,
     {.request = CREATE, .status = 404, .body = "{\"message\":\"manifest unknown\"}"},
     ENGINE_IMAGE_MISSING,
     "pull image r.example/a:1: manifest unknown",
     NULL},
    {"hung up",
     "{}",
     NULL,
     {.request = CREATE, .then = FAKE_CLOSE},
     ENGINE_UNREACHABLE,
     "pull image r.example/a:1: ",
     NULL},
    {"with credentials",
     "{\"auths\":{\"r.example\":{\"auth\":\"" PAIR "\"}}}",
     NULL,
     {.request = CREATE, .status = 200, .body = PULLED},
     ENGINE_DONE,
     "",
     "X-Registry-Auth: " OF_PAIR EXAMPLE},
    {"with a helper's",
     "{\"credsStore\":\"test\"}",
     "#!/bin/sh\n[ \"$1 $(cat)\" = 'get r.example' ] || exit 1\n"
     "echo '{\"Username\":\"user\",\"Secret\":\"pass\"}'\n",
     {.request = CREATE, .status = 200, .body = PULLED},
     ENGINE_DONE,
     "",
     "X-Registry-Auth: " OF_PAIR EXAMPLE},
    {"with a helper's token",
     "{\"credHelpers\":{\"r.example\":\"test\"}}",
     "#!/bin/sh\necho '{\"Username\":\"<token>\",\"Secret\":\"tok\"}'\n",
     {.request = CREATE, .status = 200, .body = PULLED},
     ENGINE_DONE,
     "",
     "X-Registry-Auth: " OF_TOKEN},
    {"the helper knows nothing",
     "{\"credsStore\":\"test\"}",
     "#!/bin/sh\necho credentials not found in native keychain; exit 1\n",
     {.request = CREATE, .status = 404, .body = "{\"message\":\"denied\"}"},
     ENGINE_IMAGE_MISSING,
     "pull image r.example/a:1: denied",
     NULL},
    {"the helper fails",
     "{\"credsStore\":\"test\"}",
     "#!/bin/sh\necho locked; exit 1\n",
     {.request = CREATE, .status = 404, .body = "{\"message\":\"denied\"}"},
     ENGINE_IMAGE_MISSING,
     "pull image r.example/a:1: denied (without credentials: docker-credential-test: locked)",
     NULL},
    {"no helper of that name",
     "{\"credsStore\":\"nowhere\"}",
     NULL,
     {.request = CREATE, .status = 404, .body = "{\"message\":\"denied\"}"},
     ENGINE_IMAGE_MISSING,
     "pull image r.example/a:1: denied (without credentials: docker-credential-nowhere cannot be "
     "run: No such file or directory)",
     NULL},
    {"a configuration that is none",
     "{]",
     NULL,
     {.request = CREATE, .status = 404, .body = "{\"message\":\"denied\"}"},
     ENGINE_IMAGE_MISSING,
     "config.json: it is not JSON)",
     NULL},
};

static void pulling(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(pulls); i++) {
        struct fake f;
        struct fake_result r = {0};
        ROW("%s", pulls[i].name);
        write_file("config.json", pulls[i].config, 0600);
        if (pulls[i].helper)
            write_file("docker-credential-test", pulls[i].helper, 0700);
        struct fake_rule with = pulls[i].rule;
        if (pulls[i].header)
            with.request = pulls[i].header;
        fake_open(&f, &with, 1, 0);
        engine_image_pull(f.engine, "r.example/a:1", NULL, NULL, fake_on_done, &r);
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome), engine_outcome_name(pulls[i].outcome));
        if (pulls[i].words[0])
            assert_non_null(strstr(r.error.text, pulls[i].words));
        assert_int_equal(fake_count(&f, CREATE), 1);
        fake_close(&f);
    }
}

/* It goes into the query of both calls, and nowhere where there is none. */
static void platforms(void **state)
{
    static const char *const asked[] = {NULL, "linux/arm/v7"};
    static const struct fake_rule rule = {.request = CREATE, .status = 200, .body = "{}"};
    write_file("config.json", "{}", 0600);
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        struct fake f;
        struct fake_result pulled = {0}, made = {0};
        struct engine_create create = {
            .name = "web", .platform = asked[i], .body = "{}", .body_len = 2};
        ROW("%s", asked[i] ? asked[i] : "none");
        fake_open(&f, &rule, 1, 0);
        engine_image_pull(f.engine, "r.example/a:1", asked[i], NULL, fake_on_done, &pulled);
        engine_create(f.engine, &create, fake_on_done, &made);
        fake_wait(&f, &pulled);
        fake_wait(&f, &made);
        assert_int_equal(fake_count(&f, "platform="), asked[i] ? 2 : 0);
        assert_int_equal(fake_count(&f, "tag=1&platform=linux%2Farm%2Fv7"), asked[i] ? 1 : 0);
        assert_int_equal(fake_count(&f, "name=web&platform=linux%2Farm%2Fv7"), asked[i] ? 1 : 0);
        fake_close(&f);
    }
}

struct heard {
    struct fake_result result; /* first: the context of both */
    char lines[256];
};

static void on_news(void *ctx, const struct engine_pull_news *news)
{
    struct heard *h = ctx;
    size_t len = strlen(h->lines);
    (void)snprintf(h->lines + len, sizeof(h->lines) - len, "%s %s %d/%d;", news->layer,
                   news->status, (int)news->current, (int)news->total);
}

static void news_of_layers(void **state)
{
    static const struct fake_rule rule = {
        .request = CREATE,
        .status = 200,
        .body = "{\"status\":\"Pulling from a\",\"id\":\"1\"}"
                "{\"status\":\"Downloading\",\"progressDetail\":{\"current\":5,\"total\":9},"
                "\"id\":\"ab\"}"
                "{\"status\":\"Pull complete\",\"progressDetail\":{},\"id\":\"ab\"}"};
    struct fake f;
    struct heard h = {0};
    write_file("config.json", "{}", 0600);
    fake_open(&f, &rule, 1, 0);
    engine_image_pull(f.engine, "r.example/a:1", NULL, on_news, fake_on_done, &h);
    fake_wait(&f, &h.result);
    assert_string_equal(h.lines, " Pulling from a 0/0;ab Downloading 5/9;ab Pull complete 0/0;");
    fake_close(&f);
}

/* Closed while a helper runs: no callback, no handle left. */
static void closed_meanwhile(void **state)
{
    struct fake f;
    struct fake_result r = {0};
    write_file("config.json", "{\"credsStore\":\"test\"}", 0600);
    write_file("docker-credential-test", "#!/bin/sh\nexec sleep 1000\n", 0700);
    fake_open(&f, NULL, 0, 0);
    engine_image_pull(f.engine, "r.example/a:1", NULL, NULL, fake_on_done, &r);
    (void)uv_run(&f.loop, UV_RUN_NOWAIT);
    fake_close(&f);
    assert_int_equal(r.calls, 0);
}

static void image_ids(void **state)
{
    static const struct fake_rule rules[] = {
        {.request = "/images/r.example%2Fa%3A1/json",
         .status = 200,
         .body = "{\"Id\":\"sha256:1\"}"},
        {.request = "/images/b/json", .status = 404, .body = "{\"message\":\"No such image: b\"}"},
        {.request = "/images/c/json", .status = 200, .body = "[]"},
    };
    static const struct {
        const char *image;
        enum engine_outcome outcome;
    } rows[] = {
        {"r.example/a:1", ENGINE_DONE}, {"b", ENGINE_IMAGE_MISSING}, {"c", ENGINE_UNREACHABLE}};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct fake f;
        struct fake_result r = {0};
        ROW("%s", rows[i].image);
        fake_open(&f, rules, ARRAY_LEN(rules), 0);
        engine_image_id(f.engine, rows[i].image, fake_on_done, &r);
        fake_wait(&f, &r);
        assert_int_equal(r.outcome, rows[i].outcome);
        assert_string_equal(r.id, i == 0 ? "sha256:1" : "");
        fake_close(&f);
    }
}

int main(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(references),     cmocka_unit_test(logins),
        cmocka_unit_test(pulling),        cmocka_unit_test(platforms),
        cmocka_unit_test(news_of_layers), cmocka_unit_test(closed_meanwhile),
        cmocka_unit_test(image_ids),
    };
    return cmocka_run_group_tests(tests, folder_setup, folder_teardown);
}
