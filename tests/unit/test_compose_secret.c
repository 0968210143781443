/* SPDX-License-Identifier: MIT
 *
 * secrets and configs: what is mounted where, what is to be written, and that no value shows.
 */
#include "compose_fixture.h"

#define CANARY "hunter7-never-shown"

static const char *const env[] = {"TOKEN=" CANARY, "NAME=TOKEN", "EMPTY=", NULL};

static struct compose_project *load(const char *service, const char *top)
{
    char text[1024];
    (void)snprintf(text, sizeof(text), "services:\n  web: {image: busybox, %s}\n%s", service, top);
    return fixture_good(text, env);
}

/* The mounts of a spec, each own file's hash as HASH. */
static void assert_volumes(const struct compose_project *p, const char *expected)
{
    static const char folder[] = COMPOSE_FILES_FOLDER "/";
    char text[1024];
    size_t n = 0;
    for (const char *s = p->services[0].spec; *s && n + 8 < sizeof(text);) {
        bool is_own = strncmp(s, folder, strlen(folder)) == 0;
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%.*s", is_own ? 4 : 1,
                              is_own ? "HASH" : s);
        s += is_own ? strlen(folder) + 64 : 1;
    }
    assert_string_equal(text, expected);
    assert_null(strstr(p->services[0].spec, CANARY));
    for (size_t i = 0; i < p->n_warnings; i++)
        assert_null(strstr(p->warnings[i], CANARY));
}

static void where_they_are_mounted(void **state)
{
#define ONE(target) "{\"volumes\":[\"HASH:" target ":ro\"]}"
    static const struct {
        const char *service, *top, *spec, *content;
        unsigned mode;
        long uid, gid;
    } rows[] = {
        {"secrets: [a]", "secrets: {a: {environment: TOKEN}}", ONE("/run/secrets/a"), CANARY, 0444,
         -1, -1},
        {"secrets: [a]", "secrets: {a: {environment: $NAME}}", ONE("/run/secrets/a"), CANARY, 0444,
         -1, -1},
        {"secrets: [{source: a, target: b, uid: \"7\", gid: 8, mode: 0440}]",
         "secrets: {a: {environment: EMPTY}}", ONE("/run/secrets/b"), "", 0440, 7, 8},
        {"secrets: [{source: a, target: /etc/b, mode: \"0777\"}]", "secrets: {a: {content: x}}",
         ONE("/etc/b"), "x", 0555, -1, -1},
        {"configs: [a]", "configs: {a: {content: \"t=${TOKEN} $$5\\n\"}}", ONE("/a"),
         "t=" CANARY " $5\n", 0444, -1, -1},
        {"configs: [{source: a, target: etc/a}]", "configs: {a: {content: 22, external: false}}",
         ONE("/etc/a"), "22", 0444, -1, -1},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].service);
        _cleanup_project_ struct compose_project *p = load(rows[i].service, rows[i].top);
        assert_volumes(p, rows[i].spec);
        assert_int_equal(p->n_files, 1);
        assert_string_equal(p->files[0].content, rows[i].content);
        assert_int_equal(p->files[0].mode, rows[i].mode);
        assert_int_equal(p->files[0].uid, rows[i].uid);
        assert_int_equal(p->files[0].gid, rows[i].gid);
        assert_int_equal(p->n_warnings, 0);
    }
}

static void a_file_is_mounted_from_where_it_is(void **state)
{
    _cleanup_project_ struct compose_project *p =
        load("volumes: [\"/v\"], secrets: [a], configs: [{source: b, target: /etc/b, mode: 0400}]",
             "secrets: {a: {file: ../../etc/passwd, name: x}}\nconfigs: {b: {file: /etc/group}}");
    assert_volumes(p, "{\"volumes\":[\"/etc/group:/etc/b:ro\",\"/etc/passwd:/run/secrets/a:ro\","
                      "\"/v\"]}");
    assert_int_equal(p->n_files, 0);
    assert_int_equal(p->n_warnings, 1);
    assert_string_equal(p->warnings[0],
                        "compose.yaml:2:66: uid, gid and mode do nothing for the config \"b\", "
                        "which is a file: it has its own");
}

/* What is in it, who may read it and the salt make its name; nothing else does. */
static void names_of_files(void **state)
{
    static const char *const others[][2] = {
        {"secrets: [a]", "secrets: {a: {content: y}}"},
        {"secrets: [{source: a, mode: 0400}]", "secrets: {a: {content: x}}"},
        {"secrets: [{source: a, uid: 1}]", "secrets: {a: {content: x}}"},
        {"secrets: [{source: a, gid: 1}]", "secrets: {a: {content: x}}"},
    };
    _cleanup_project_ struct compose_project *p =
        load("secrets: [a, b], configs: [c]",
             "secrets: {a: {content: x}, b: {content: x}}\nconfigs: {c: {content: x}}");
    assert_int_equal(p->n_files, 1); /* three mounts of one */
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        ROW("%zu", i);
        _cleanup_project_ struct compose_project *q = load(others[i][0], others[i][1]);
        assert_string_not_equal(q->files[0].path, p->files[0].path);
    }
    struct compose_options salted = {
        .env = fixture_env, .env_ctx = (void *)env, .files_folder = "/f", .files_salt = "pepper"};
    static const char text[] =
        "services: {web: {image: busybox, secrets: [a]}}\nsecrets: {a: {content: x}}";
    struct compose_text source = {text, strlen(text), "/srv/demo/compose.yaml", "compose.yaml",
                                  "/srv/demo"};
    _cleanup_project_ struct compose_project *q = NULL;
    assert_int_equal(compose_load_texts(&salted, &source, 1, &q, NULL), 0);
    assert_memory_equal(q->files[0].path, "/f/", 3);
    assert_string_not_equal(strrchr(q->files[0].path, '/'), strrchr(p->files[0].path, '/'));
}

static void what_is_refused(void **state)
{
    static const struct {
        const char *service, *top, *message;
    } rows[] = {
        {"secrets: [a]", "secrets: {b: {content: x}}",
         "2:35: the secret \"a\" is not declared in the file; did you mean \"b\"?"},
        {"secrets: [token]", "secrets: {}",
         "2:35: the secret \"token\" is not declared in the file; add it under \"secrets:\" at the "
         "top level"},
        {"secrets: a", "secrets: {a: {content: x}}", "2:34: secrets must be a list"},
        {"secrets: [{target: a}]", "secrets: {a: {content: x}}",
         "2:35: secrets takes names, or {source, target, uid, gid, mode}: source is missing"},
        {"secrets: [{source: a, x: y}]", "secrets: {a: {content: x}}",
         "2:35: secrets takes names, or {source, target, uid, gid, mode}: x"},
        {"secrets: [{source: a, mode: \"9\"}]", "secrets: {a: {content: x}}",
         "2:35: secrets: mode must be a number"},
        {"init: true", "secrets: {a: {external: true}}",
         "3:15: the secret \"a\" is external, and one engine keeps none; give it as file, "
         "environment or content"},
        {"init: true", "configs: {a: {content: x, file: y}}",
         "3:11: the config \"a\" must have one of file, environment and content"},
        {"init: true", "configs: {a: {}}",
         "3:11: the config \"a\" must have one of file, environment and content"},
        {"init: true", "configs: {a: {content: x, labels: {a: b}}}",
         "3:27: the config \"a\" has the keys file, environment and content, not \"labels\""},
        {"init: true", "configs: {a: x}",
         "3:11: the config \"a\" must be a mapping such as {file: PATH}"},
        {"init: true", "configs: [a]", "3:1: \"configs\" must be a mapping of names"},
        {"init: true", "configs: {a: {content: [x]}}",
         "3:15: content of the config \"a\" must be a text"},
        {"secrets: [a]", "secrets: {a: {environment: GONE}}",
         "3:28: the variable \"GONE\" of the secret \"a\" is not set; set it in the environment or "
         "in .env"},
        {"secrets: [a]", "secrets: {a: {file: ./gone}}",
         "3:21: the file /srv/demo/gone of the secret \"a\" is not there; make it first"},
        {"secrets: [a], volumes: [\"/run/secrets/a\"]", "secrets: {a: {content: x}}", NULL},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[512], message[512];
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        ROW("%s %s", rows[i].service, rows[i].top);
        (void)snprintf(text, sizeof(text), "services:\n  web: {image: busybox, %s}\n%s\n",
                       rows[i].service, rows[i].top);
        assert_int_equal(fixture_load(text, env, &p, &err), -EINVAL);
        (void)snprintf(message, sizeof(message), "compose.yaml:%s", rows[i].message);
        if (rows[i].message)
            assert_string_equal(err.text, message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_they_are_mounted),
        cmocka_unit_test(a_file_is_mounted_from_where_it_is),
        cmocka_unit_test(names_of_files),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
