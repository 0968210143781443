/* SPDX-License-Identifier: MIT
 *
 * The example in docs/compose.md loads.
 */
#include "compose_fixture.h"

#include "base/buf.h"
#include "compose/file.h"

static const char *page;

static void read_page(struct buf *ret)
{
    assert_int_equal(file_read(page, page, false, ret, NULL), 0);
}

/* An indented block from its "services:" to the empty line behind it. */
static void its_example_loads(void **state)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(1U << 20);
    read_page(&text);
    char *example = strstr(strstr(text.data, "\n## x-roost"), "    services:\n");
    assert_non_null(example);
    char *end = strstr(example, "\n\n");
    assert_non_null(end);
    end[1] = '\0';
    _cleanup_project_ struct compose_project *p = fixture_good(example, NULL);
    assert_int_equal(p->n_services, 1);
    assert_int_equal(p->services[0].lifecycle, LIFECYCLE_LAZY);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_example_loads),
    };
    page = argc > 1 ? argv[1] : "docs/compose.md";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
