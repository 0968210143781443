/* SPDX-License-Identifier: MIT
 *
 * Every example loads without a warning. Those of the top need no image but busybox; those below
 * stacks/ are like what people have.
 */
#include "compose_fixture.h"

#include <glob.h>

static const char *folder;

static void check_example(const char *path)
{
    static const char *const env[] = {"HOME=/home/op", NULL};
    struct compose_options options = {
        .files = &path, .n_files = 1, .env = fixture_env, .env_ctx = (void *)env};
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    size_t n_lazy = 0;
    ROW("%s", path);
    if (compose_load(&options, &p, &err) < 0)
        fail_msg("%s", err.text);
    if (p->n_warnings > 0)
        fail_msg("%s", p->warnings[0]);
    for (size_t i = 0; i < p->n_services; i++) {
        assert_string_equal(p->services[i].image, "busybox");
        n_lazy += p->services[i].lifecycle == LIFECYCLE_LAZY;
    }
    assert_true(n_lazy > 0 && n_lazy < p->n_services);
}

static void every_example_loads(void **state)
{
    char pattern[512];
    glob_t found;
    (void)snprintf(pattern, sizeof(pattern), "%s/*/compose.yaml", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 5);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_example(found.gl_pathv[i]);
    globfree(&found);
}

/* Stacks as people have them: any image, and a part of each may sleep. */
static void check_stack(const char *path)
{
    static const char *const env[] = {"HOME=/home/op", "USER=op", NULL};
    struct compose_options options = {
        .files = &path, .n_files = 1, .env = fixture_env, .env_ctx = (void *)env};
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    size_t n_lazy = 0;
    ROW("%s", path);
    if (compose_load(&options, &p, &err) < 0)
        fail_msg("%s", err.text);
    if (p->n_warnings > 0)
        fail_msg("%s", p->warnings[0]);
    for (size_t i = 0; i < p->n_services; i++)
        n_lazy += p->services[i].lifecycle == LIFECYCLE_LAZY;
    assert_true(p->n_services > 1 && n_lazy > 0);
}

static void every_stack_loads(void **state)
{
    char pattern[512];
    glob_t found;
    (void)snprintf(pattern, sizeof(pattern), "%s/stacks/*/compose.yaml", folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 20);
    for (size_t i = 0; i < found.gl_pathc; i++)
        check_stack(found.gl_pathv[i]);
    globfree(&found);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_loads),
        cmocka_unit_test(every_stack_loads),
    };
    folder = argc > 1 ? argv[1] : "examples";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
