/* SPDX-License-Identifier: MIT
 *
 * Every broken file of tests/data/broken has the one message that stands beside it: NAME.yaml
 * and NAME.err, or a folder with compose.yaml and compose.err where more than one file is
 * needed. A folder's path is not part of the expected text.
 */
#include "compose_fixture.h"

#include <glob.h>
#include <limits.h>

#include "base/buf.h"
#include "compose/file.h"

static char *folder; /* as realpath() says it: messages of env files have whole paths */

static const char *const env[] = {"HOME=/home/op",      "SET=hunter3",   "EMPTY=", "BLANKS=a b",
                                  "QUOTED=a\" hunter3", "DOLLAR=dollar", NULL};

/* The text without `folder` and its slash wherever they stand. */
static void without_folder(const char *text, char ret_text[ERROR_TEXT_SIZE])
{
    size_t n = strlen(folder), out = 0;
    while (*text) {
        if (strncmp(text, folder, n) == 0) {
            text += n + (text[n] == '/');
            continue;
        }
        ret_text[out++] = *text++;
    }
    ret_text[out] = '\0';
}

static void expected_of(const char *path, struct buf *ret)
{
    char err_path[PATH_MAX];
    (void)snprintf(err_path, sizeof(err_path), "%.*s.err", (int)(strlen(path) - strlen(".yaml")),
                   path);
    assert_int_equal(file_read(err_path, err_path, false, ret, NULL), 0);
    assert_true(ret->len > 1 && ret->data[ret->len - 1] == '\n');
    ret->data[ret->len - 1] = '\0';
}

static void check_file(const char *path)
{
    _cleanup_(buf_close) struct buf expected = BUF_INIT(ERROR_TEXT_SIZE);
    _cleanup_project_ struct compose_project *p = NULL;
    struct compose_options options = {
        .files = &path, .n_files = 1, .env = fixture_env, .env_ctx = (void *)env};
    struct error err = ERROR_INIT;
    char text[ERROR_TEXT_SIZE];
    ROW("%s", path);
    expected_of(path, &expected);
    assert_true(compose_load(&options, &p, &err) < 0);
    assert_null(p);
    without_folder(err.text, text);
    assert_string_equal(text, buf_text(&expected));
    assert_int_equal(err.kind, ERROR_INVALID);
    /* No file has this word but where a value of the environment stands. */
    assert_null(strstr(err.text, "hunter"));
}

static void every_broken_file_has_its_message(void **state)
{
    char pattern[PATH_MAX];
    glob_t found;
    (void)snprintf(pattern, sizeof(pattern), "%s/*.yaml", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    (void)snprintf(pattern, sizeof(pattern), "%s/*/compose.yaml", folder);
    assert_int_equal(glob(pattern, GLOB_APPEND, NULL, &found), 0);
    assert_true(found.gl_pathc >= 170);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_file(found.gl_pathv[i]);
    globfree(&found);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_broken_file_has_its_message),
    };
    folder = realpath(argc > 1 ? argv[1] : "tests/data/broken", NULL);
    if (!folder)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(folder);
    return failed;
}
