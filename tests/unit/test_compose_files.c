/* SPDX-License-Identifier: MIT
 *
 * Files around a fleet: which one is taken, .env, env_file, and what cannot be read.
 */
#include "compose_fixture.h"

#include <fcntl.h>

static const char *const no_env[] = {NULL};

static const char *const plain = "services: {web: {image: busybox}}\n";

static int load(const char *file, const char *const *env, struct compose_project **ret,
                struct error *err)
{
    struct compose_options options = {.files = &file,
                                      .n_files = file ? 1 : 0,
                                      .env = fixture_env,
                                      .env_ctx = (void *)(env ? env : no_env)};
    return compose_load(&options, ret, err);
}

static struct compose_project *good(const char *file, const char *const *env)
{
    struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    if (load(file, env, &p, &err) < 0)
        fail_msg("%s", err.text);
    return p;
}

static void refused(const char *file, const char *const *env, int r, enum error_kind kind,
                    const char *message)
{
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    ROW("%s", message);
    assert_int_equal(load(file, env, &p, &err), r);
    assert_null(p);
    assert_string_equal(err.text, message);
    assert_int_equal(err.kind, kind);
}

/* ---- which file ---- */

static void assert_file(const struct fixture_world *w, const struct compose_project *p,
                        const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", w->folder, name);
    assert_string_equal(p->file, path);
}

static void the_default_names_have_an_order(void **state)
{
    static const char *const names[] = {"docker-compose.yml", "docker-compose.yaml", "compose.yml",
                                        "compose.yaml"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ROW("%s", names[i]);
        fixture_write(".", names[i], plain);
        _cleanup_project_ struct compose_project *p = good(NULL, NULL);
        assert_file(*state, p, names[i]);
        assert_string_equal(p->name, "demo");
        assert_int_equal(p->n_warnings, i > 0 ? 1 : 0); /* of the other one */
    }
}

static void a_folder_above_is_looked_at(void **state)
{
    fixture_write(".", "compose.yaml", plain);
    assert_int_equal(mkdir("a", 0700), 0);
    assert_int_equal(mkdir("a/b", 0700), 0);
    assert_int_equal(chdir("a/b"), 0);
    _cleanup_project_ struct compose_project *p = good(NULL, NULL);
    assert_file(*state, p, "compose.yaml");
    assert_string_equal(p->name, "demo");
}

static void no_file_at_all(void **state)
{
    refused(NULL, NULL, -ENOENT, ERROR_NOT_FOUND,
            "no compose.yaml (compose.yml, docker-compose.yaml, docker-compose.yml) here or in a "
            "folder above; name the file");
}

static void one_override_is_read_beside_a_file_that_was_found(void **state)
{
    fixture_write(".", "compose.yaml", plain);
    fixture_write(".", "compose.override.yaml", "services: {more: {image: busybox}}\n");
    fixture_write(".", "docker-compose.override.yml", "not read");
    _cleanup_project_ struct compose_project *p = good(NULL, NULL);
    assert_int_equal(p->n_services, 2);
    assert_int_equal(p->n_warnings, 1);
    assert_string_equal(
        p->warnings[0],
        "compose.yaml: docker-compose.override.yml stands beside it and is not read");
    _cleanup_project_ struct compose_project *named = good("compose.yaml", NULL);
    assert_int_equal(named->n_services, 1); /* as Compose does with -f */
    assert_int_equal(named->n_warnings, 0);
}

static void a_named_file(void **state)
{
    assert_int_equal(mkdir("a", 0700), 0);
    fixture_write("a", "fleet.yaml", "services: {web: {image: b, volumes: [\"./x:/x\"]}}\n");
    _cleanup_project_ struct compose_project *p = good("./b/..//a/fleet.yaml", NULL);
    assert_file(*state, p, "a/fleet.yaml");
    assert_string_equal(p->name, "a");
    assert_non_null(strstr(p->services[0].spec, "/demo/a/x:/x"));
}

static void messages_name_the_file_as_it_was_named(void **state)
{
    assert_int_equal(mkdir("a", 0700), 0);
    fixture_write("a", "fleet.yaml", "servces:\n");
    fixture_write(".", "compose.yaml", "\nservces:\n");
    refused("a/fleet.yaml", NULL, -EINVAL, ERROR_INVALID,
            "a/fleet.yaml:1:1: unknown key \"servces\" at the top level; did you mean "
            "\"services\"?");
    refused(NULL, NULL, -EINVAL, ERROR_INVALID,
            "compose.yaml:2:1: unknown key \"servces\" at the top level; did you mean "
            "\"services\"?");
}

static void what_cannot_be_read(void **state)
{
    assert_int_equal(symlink("loop", "loop"), 0);
    refused("gone.yaml", NULL, -ENOENT, ERROR_NOT_FOUND,
            "cannot read gone.yaml: No such file or directory");
    refused(".", NULL, -EISDIR, ERROR_INVALID, ". is a folder; name the file in it");
    refused("loop", NULL, -ELOOP, ERROR_FAILED,
            "cannot read loop: Too many levels of symbolic links");
    refused("/dev/zero", NULL, -EINVAL, ERROR_INVALID, "/dev/zero is not a regular file");
    if (geteuid() == 0)
        return; /* root may read everything */
    fixture_write(".", "locked.yaml", plain);
    assert_int_equal(chmod("locked.yaml", 0), 0);
    refused("locked.yaml", NULL, -EACCES, ERROR_FAILED,
            "cannot read locked.yaml: Permission denied");
}

static void a_hundred_megabytes(void **state)
{
    fixture_write(".", "compose.yaml", plain);
    assert_int_equal(truncate("compose.yaml", 100 << 20), 0);
    refused(NULL, NULL, -EFBIG, ERROR_INVALID,
            "compose.yaml is larger than the 4194304 bytes that are read");
}

static void a_pipe_may_be_the_file(void **state)
{
    int fds[2];
    char path[32];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(write(fds[1], plain, strlen(plain)), strlen(plain));
    assert_int_equal(close(fds[1]), 0);
    (void)snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
    _cleanup_project_ struct compose_project *p = good(path, NULL);
    assert_int_equal(p->n_services, 1);
    assert_int_equal(close(fds[0]), 0);
}

/* ---- .env ---- */

static void dotenv_stands_behind_the_environment(void **state)
{
    fixture_write(".", ".env", "IMAGE=from-file\nTAG=1\nHOME=/home/file\n");
    fixture_write(".", "compose.yaml",
                  "services: {web: {image: \"$IMAGE:$TAG\", environment: [TAG], volumes: "
                  "[\"~/x:/x\"]}}\n");
    _cleanup_project_ struct compose_project *p =
        good(NULL, (const char *const[]){"IMAGE=from-outside", NULL});
    assert_string_equal(p->services[0].image, "from-outside:1");
    assert_string_equal(p->services[0].spec,
                        "{\"environment\":{\"TAG\":\"1\"},\"volumes\":[\"/home/file/x:/x\"]}");
}

static void dotenv_is_the_one_beside_the_file(void **state)
{
    assert_int_equal(mkdir("a", 0700), 0);
    fixture_write(".", ".env", "IMAGE=wrong\n");
    fixture_write("a", ".env", "IMAGE=right\nCOMPOSE_PROJECT_NAME=named\n");
    fixture_write("a", "compose.yaml", "services: {web: {image: $IMAGE}}\n");
    _cleanup_project_ struct compose_project *p = good("a/compose.yaml", NULL);
    assert_string_equal(p->services[0].image, "right");
    assert_string_equal(p->name, "named");
}

static void a_warning_of_dotenv_names_it(void **state)
{
    char expected[256];
    const struct fixture_world *w = *state;
    fixture_write(".", ".env", "\nA=$B\n");
    fixture_write(".", "compose.yaml", plain);
    _cleanup_project_ struct compose_project *p = good(NULL, NULL);
    (void)snprintf(expected, sizeof(expected),
                   "%s/.env:2:3: the variable \"B\" is not set and is taken as empty", w->folder);
    assert_int_equal(p->n_warnings, 1);
    assert_string_equal(p->warnings[0], expected);
}

/* ---- env_file ---- */

static void env_files_lie_under_environment(void **state)
{
    static const struct {
        const char *service, *spec;
    } rows[] = {
        {"env_file: a.env", "{\"environment\":{\"A\":\"a\",\"B\":\"a\"}}"},
        {"env_file: [a.env, b.env]", "{\"environment\":{\"A\":\"a\",\"B\":\"b\",\"C\":\"b\"}}"},
        {"env_file: [b.env, a.env]", "{\"environment\":{\"A\":\"a\",\"B\":\"a\",\"C\":\"b\"}}"},
        {"env_file: a.env, environment: {B: own}", "{\"environment\":{\"A\":\"a\",\"B\":\"own\"}}"},
        {"env_file: a.env, environment: [A]", "{\"environment\":{\"B\":\"a\"}}"}, /* unset */
        {"env_file: [{path: a.env}]", "{\"environment\":{\"A\":\"a\",\"B\":\"a\"}}"},
        {"env_file: {path: sub/../a.env}", "{\"environment\":{\"A\":\"a\",\"B\":\"a\"}}"},
        {"env_file: [{path: gone.env, required: false}, b.env]",
         "{\"environment\":{\"B\":\"b\",\"C\":\"b\"}}"},
        {"env_file: $FILE", "{\"environment\":{\"A\":\"a\",\"B\":\"a\"}}"},
        {"env_file: seen.env",
         "{\"environment\":{\"D\":\"from .env and outside\",\"SEEN\":\"outside\"}}"},
        {"env_file: [a.env, more.env]", /* a file sees those before it */
         "{\"environment\":{\"A\":\"more\",\"B\":\"a\",\"F\":\"morea\"}}"},
        {"env_file: [more.env, a.env]",
         "{\"environment\":{\"A\":\"a\",\"B\":\"a\",\"F\":\"more\"}}"},
        {"env_file: more.env, environment: [B=own, A=own]", /* `environment` comes first there */
         "{\"environment\":{\"A\":\"own\",\"B\":\"own\",\"F\":\"ownown\"}}"},
        {"env_file: more.env, environment: {SEEN: own, B: $SEEN}",
         "{\"environment\":{\"A\":\"more\",\"B\":\"outside\",\"F\":\"moreoutside\",\"SEEN\":"
         "\"own\"}}"},
        {"env_file: {path: raw.env, format: raw}",
         "{\"environment\":{\"A\":\" '$E' # x\",\"B\":\"\\\"b\\\"=c\",\"SEEN\":\"outside\"}}"},
        {"env_file: []", "{}"},
        {"env_file: ", "{}"},
    };
    fixture_write(".", ".env", "E=.env\n");
    fixture_write(".", "a.env", "A=a\nB=a\n");
    fixture_write(".", "b.env", "B=b\nC=b\n");
    fixture_write(".", "more.env", "A=more\nF=${A}${B-}\n");
    fixture_write(".", "raw.env", "# x\n\nA= '$E' # x\n  B=\"b\"=c\nSEEN\nNOT_SEEN\n");
    fixture_write(".", "seen.env", "SEEN\nNOT_SEEN\nD=\"from $E and $SEEN\"\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[512];
        ROW("%s", rows[i].service);
        (void)snprintf(text, sizeof(text), "services: {web: {image: b, %s}}\n", rows[i].service);
        fixture_write(".", "compose.yaml", text);
        _cleanup_project_ struct compose_project *p =
            good(NULL, (const char *const[]){"FILE=a.env", "SEEN=outside", NULL});
        assert_string_equal(p->services[0].spec, rows[i].spec);
    }
}

/* Its open would wait for a writer for ever. */
/* ---- seccomp profiles ---- */

static void a_profile_is_read_from_beside_its_file(void **state)
{
    static const char profile[] = "seccomp={\\\"defaultAction\\\":\\\"SCMP_ACT_ALLOW\\\"}";
    static const char *const rows[][2] = {
        {"seccomp=profile.json", profile},
        {"seccomp:./profile.json", profile},
        {"seccomp=unconfined", "seccomp=unconfined"},
        {"seccomp:unconfined", "seccomp:unconfined"},
        {"seccomp=builtin", "seccomp=builtin"},
        {"seccomp={}", "seccomp={}"},
        {"no-new-privileges:true", "no-new-privileges:true"},
    };
    assert_int_equal(mkdir("sub", 0700), 0);
    fixture_write("sub", "profile.json", "{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\"\n}\n");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[256], want[256];
        ROW("%s", rows[i][0]);
        (void)snprintf(text, sizeof(text),
                       "services: {web: {image: busybox, security_opt: [\"%s\"]}}\n", rows[i][0]);
        (void)snprintf(want, sizeof(want), "{\"security_opt\":[\"%s\"]}", rows[i][1]);
        fixture_write("sub", "compose.yaml", text);
        _cleanup_project_ struct compose_project *p = good("sub/compose.yaml", NULL);
        assert_string_equal(p->services[0].spec, want);
    }
}

static void what_is_no_profile(void **state)
{
    static const char *const contents[] = {"", "[]", "{\"a\": 1"};
    const struct fixture_world *w = *state;
    char message[256];
    fixture_write(".", "compose.yaml",
                  "services:\n  web: {image: b, security_opt: [label:disable, seccomp=p.json]}\n");
    (void)snprintf(message, sizeof(message),
                   "compose.yaml:2:49: security_opt: cannot read %s/p.json: No such file or "
                   "directory",
                   w->folder);
    refused(NULL, NULL, -EINVAL, ERROR_INVALID, message);
    (void)snprintf(message, sizeof(message),
                   "compose.yaml:2:49: the seccomp profile \"%s/p.json\" is no JSON object",
                   w->folder);
    for (size_t i = 0; i < ARRAY_LEN(contents); i++) {
        ROW("%s", contents[i]);
        fixture_write(".", "p.json", contents[i]);
        refused(NULL, NULL, -EINVAL, ERROR_INVALID, message);
    }
}

static void an_env_file_is_no_pipe(void **state)
{
    char message[256];
    const struct fixture_world *w = *state;
    assert_int_equal(mkfifo("a.env", 0600), 0);
    fixture_write(".", "compose.yaml", "services: {web: {image: b, env_file: a.env}}\n");
    (void)snprintf(message, sizeof(message),
                   "compose.yaml:1:28: env_file: %s/a.env is not a regular file", w->folder);
    refused(NULL, NULL, -EINVAL, ERROR_INVALID, message);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fixture_enter, fixture_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_default_names_have_an_order),
        TEST(a_folder_above_is_looked_at),
        TEST(no_file_at_all),
        TEST(one_override_is_read_beside_a_file_that_was_found),
        TEST(a_named_file),
        TEST(messages_name_the_file_as_it_was_named),
        TEST(what_cannot_be_read),
        TEST(a_hundred_megabytes),
        TEST(a_pipe_may_be_the_file),
        TEST(dotenv_stands_behind_the_environment),
        TEST(dotenv_is_the_one_beside_the_file),
        TEST(a_warning_of_dotenv_names_it),
        TEST(env_files_lie_under_environment),
        TEST(a_profile_is_read_from_beside_its_file),
        TEST(what_is_no_profile),
        TEST(an_env_file_is_no_pipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
