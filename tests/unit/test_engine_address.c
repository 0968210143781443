/* SPDX-License-Identifier: MIT
 *
 * Where the engine is: what a person or the environment says, and what is made of it.
 */
#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/docker/address.h"

static int parse(const char *url, int verify, const char *certs, struct address *a,
                 struct error *err)
{
    struct engine_options options = {.url = url, .tls_verify = verify, .cert_path = certs};
    return address_parse(&options, a, err);
}

static int clear_environment(void **state)
{
    (void)unsetenv("DOCKER_HOST");
    (void)unsetenv("DOCKER_CERT_PATH");
    (void)unsetenv("DOCKER_TLS_VERIFY");
    return setenv("HOME", "/nonexistent", 1);
}

static void addresses(void **state)
{
    static const struct {
        const char *url;
        int verify;
        const char *base; /* NULL: refused */
        const char *socket_or_words;
    } rows[] = {
        {"unix:///run/docker.sock", -1, "http://localhost", "/run/docker.sock"},
        {"unix:///a b/x.sock", -1, "http://localhost", "/a b/x.sock"},
        {NULL, -1, "http://localhost", "/var/run/docker.sock"},
        {"", -1, "http://localhost", "/var/run/docker.sock"},
        {"tcp://h:2375", -1, "http://h:2375", ""},
        {"tcp://h", -1, "http://h:2375", ""},
        {"tcp://h", 0, "http://h:2375", ""},
        {"tcp://h", 1, "https://h:2376", ""},
        {"tcp://h:1/prefix/", -1, "http://h:1/prefix", ""},
        {"tcp://[::1]:2375", -1, "http://[::1]:2375", ""},
        {"http://h", -1, "http://h:80", ""},
        {"http://h:8080/", 1, "http://h:8080", ""},
        {"https://h", -1, "https://h:443", ""},
        {"https://h:8443/docker", 0, "https://h:8443/docker", ""},

        {"unix://run/docker.sock", -1, NULL, "absolute path"},
        {"unix://", -1, NULL, "absolute path"},
        {"unix:///"
         "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
         "90123456789012345678901234",
         -1, NULL, "too long"},
        {"/run/docker.sock", -1, NULL, "not understood; like unix:///"},
        {"ssh://me@h", -1, NULL, "ssh is not supported; forward the socket"},
        {"npipe:////./pipe/docker_engine", -1, NULL, "named pipes"},
        {"fd://", -1, NULL, "for the engine itself"},
        {"h:2375", -1, NULL, "not understood"},
        {"ftp://h", -1, NULL, "not understood"},
        {"tcp://", -1, NULL, "no host"},
        {"tcp:///x", -1, NULL, "no host"},
        {"tcp://:2375", -1, NULL, "no host"},
        {"tcp://h:port", -1, NULL, "no host"},
        {"tcp://h:99999", -1, NULL, "no host"},
        {"tcp://h h", -1, NULL, "no host"},
        {"tcp://me:secret@h", -1, NULL, "user, password"},
        {"tcp://h?x=1", -1, NULL, "user, password, query"},
        {"\x1b[31m", -1, NULL, "\"\\x1b[31m\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct address a;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].url ? rows[i].url : "(null)");
        int r = parse(rows[i].url, rows[i].verify, NULL, &a, &err);
        if (rows[i].base) {
            assert_int_equal(r, 0);
            assert_string_equal(a.base, rows[i].base);
            assert_string_equal(a.socket, rows[i].socket_or_words);
            assert_int_equal(a.tls, strncmp(a.base, "https", 5) == 0);
        } else {
            assert_int_equal(r, -EINVAL);
            assert_int_equal(err.kind, ERROR_USAGE);
            assert_non_null(strstr(err.text, rows[i].socket_or_words));
            assert_null(strstr(err.text, "secret"));
        }
    }
}

static void the_environment_is_asked(void **state)
{
    struct address a;
    struct error err = ERROR_INIT;
    (void)setenv("DOCKER_HOST", "unix:///env.sock", 1);
    assert_int_equal(parse(NULL, -1, NULL, &a, &err), 0);
    assert_string_equal(a.socket, "/env.sock");
    assert_string_equal(a.url, "unix:///env.sock");
    assert_int_equal(parse("unix:///option.sock", -1, NULL, &a, &err), 0);
    assert_string_equal(a.socket, "/option.sock");
}

static void tls_is_checked_unless_told_not_to(void **state)
{
    static const struct {
        const char *url;
        const char *word; /* DOCKER_TLS_VERIFY */
        int option;
        bool tls, verify;
    } rows[] = {
        {"tcp://h", NULL, -1, false, true},      {"tcp://h", "1", -1, true, true},
        {"tcp://h", "yes", -1, true, true},      {"tcp://h", "0", -1, false, false},
        {"tcp://h", "", -1, false, false},       {"https://h", NULL, -1, true, true},
        {"https://h", "false", -1, true, false}, {"https://h", "1", 0, true, false},
        {"https://h", "0", 1, true, true},       {"unix:///x", "1", 1, false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct address a;
        struct error err = ERROR_INIT;
        ROW("%s, DOCKER_TLS_VERIFY=%s, %d", rows[i].url, rows[i].word ? rows[i].word : "(unset)",
            rows[i].option);
        (void)unsetenv("DOCKER_TLS_VERIFY");
        if (rows[i].word)
            (void)setenv("DOCKER_TLS_VERIFY", rows[i].word, 1);
        assert_int_equal(parse(rows[i].url, rows[i].option, NULL, &a, &err), 0);
        assert_int_equal(a.tls, rows[i].tls);
        if (a.tls)
            assert_int_equal(a.verify, rows[i].verify);
    }
}

static void touch(const char *folder, const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

static void a_named_folder_has_all_three_files(void **state)
{
    static const char *const names[] = {"ca.pem", "cert.pem", "key.pem"};
    char folder[] = "/tmp/roost-certs-XXXXXX", path[128];
    struct address a;
    struct error err = ERROR_INIT;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        ROW("without %s", names[i]);
        assert_int_equal(parse("tcp://h", -1, folder, &a, &err), -ENOENT);
        assert_non_null(strstr(err.text, names[i]));
        touch(folder, names[i]);
    }
    assert_int_equal(parse("tcp://h", -1, folder, &a, &err), 0);
    assert_string_equal(a.base, "https://h:2376");
    (void)snprintf(path, sizeof(path), "%s/key.pem", folder);
    assert_string_equal(a.key, path);

    /* In ~/.docker each may be missing, but a certificate needs its key. */
    char home[] = "/tmp/roost-home-XXXXXX", docker[64];
    assert_non_null(mkdtemp(home));
    (void)snprintf(docker, sizeof(docker), "%s/.docker", home);
    assert_int_equal(rename(folder, docker), 0);
    (void)setenv("HOME", home, 1);
    assert_int_equal(parse("https://h", -1, NULL, &a, &err), 0);
    (void)snprintf(path, sizeof(path), "%s/cert.pem", docker);
    assert_string_equal(a.cert, path);
    (void)snprintf(path, sizeof(path), "%s/key.pem", docker);
    (void)unlink(path);
    assert_int_equal(parse("https://h", -1, NULL, &a, &err), -ENOENT);
    (void)snprintf(path, sizeof(path), "%s/cert.pem", docker);
    (void)unlink(path);
    assert_int_equal(parse("https://h", -1, NULL, &a, &err), 0);
    assert_string_equal(a.cert, "");
    (void)snprintf(path, sizeof(path), "%s/ca.pem", docker);
    assert_string_equal(a.ca, path);
    (void)unlink(path);
    (void)rmdir(docker);
    (void)rmdir(home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(addresses, clear_environment),
        cmocka_unit_test_setup(the_environment_is_asked, clear_environment),
        cmocka_unit_test_setup(tls_is_checked_unless_told_not_to, clear_environment),
        cmocka_unit_test_setup(a_named_folder_has_all_three_files, clear_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
