/* SPDX-License-Identifier: MIT
 *
 * Services that are to run once.
 */
#include "compose_fixture.h"

#define JOB "\"x-roost\":{\"job\":true}"

static void what_becomes_a_job(void **state)
{
    static const struct {
        const char *keys, *awaits, *spec;
        bool lazy, job;
    } rows[] = {
        {"hostname: a", "service_started", "{\"hostname\":\"a\"}", false, false},
        {"hostname: a", "service_completed_successfully", "{\"hostname\":\"a\"," JOB "}", true,
         true},
        {"hostname: a", "${DONE}", "{\"hostname\":\"a\"," JOB "}", true, true},
        {"restart: \"no\"", "service_started", "{\"restart\":\"no\"," JOB "}", true, true},
        {"restart: \"${NO}\"", "service_started", "{\"restart\":\"no\"," JOB "}", true, true},
        {"restart: on-failure:3", "service_completed_successfully", "{" JOB "}", true, true},
        {"restart: on-failure", "service_started", "{\"restart\":\"on-failure\"}", false, false},
        {"x-roost: {ready_timeout: 5s}", "service_completed_successfully",
         "{\"x-roost\":{\"job\":true,\"ready_timeout\":\"5s\"}}", true, true},
        /* what somebody wrote stays */
        {"x-roost: {lifecycle: lazy}", "service_completed_successfully", "{}", true, false},
        {"x-roost: {lifecycle: lazy, job: true}", "service_started", "{" JOB "}", true, false},
        {"x-roost: {lifecycle: lazy}\n    restart: \"no\"", "service_started",
         "{\"restart\":\"no\"}", true, false},
        {"x-roost: {lifecycle: hot}", "service_completed_successfully", "{}", false, false},
    };
    static const char *const env[] = {"NO=no", "DONE=service_completed_successfully", NULL};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[512];
        ROW("%s, %s", rows[i].keys, rows[i].awaits);
        (void)snprintf(text, sizeof(text),
                       "services:\n  task:\n    image: busybox\n    %s\n  web: {image: busybox, "
                       "depends_on: {task: {condition: \"%s\"}}}\n",
                       rows[i].keys, rows[i].awaits);
        _cleanup_project_ struct compose_project *p = fixture_good(text, env);
        assert_string_equal(p->services[0].spec, rows[i].spec);
        assert_int_equal(p->services[0].lifecycle == LIFECYCLE_LAZY, rows[i].lazy);
        assert_int_equal(p->services[0].job, rows[i].job);
        assert_int_equal(p->services[1].job, false);
        assert_int_equal(p->n_warnings, strstr(rows[i].keys, "on-failure:") ? 1 : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_becomes_a_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
