/* SPDX-License-Identifier: MIT
 *
 * The engine's JSON of a container, as Docker and Podman write it and as nobody should.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "engine/docker/parse.h"

#define ID      "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
#define C(rest) "{\"Id\":\"" ID "\"," rest "}"

static void a_row_of_docker(void **state)
{
    static const char json[] =
        "{\"Id\":\"" ID "\",\"Names\":[\"/db/alias\",\"/web\"],\"Image\":\"nginx:1\","
        "\"ImageID\":\"sha256:ab\",\"Command\":\"sh\",\"Created\":1700000000,\"Ports\":[],"
        "\"Labels\":{\"roost.agent\":\"web\",\"empty\":\"\"},\"State\":\"running\","
        "\"Status\":\"Up 2 minutes (healthy)\",\"HostConfig\":{\"NetworkMode\":\"front\"},"
        "\"NetworkSettings\":{\"Networks\":{\"front\":{\"IPAddress\":\"172.18.0.2\"},\"back\":{}}},"
        "\"Mounts\":[{\"Type\":\"volume\",\"Name\":\"data\",\"Source\":\"/v\",\"Destination\":\"/"
        "data\","
        "\"RW\":true},{\"Type\":\"bind\",\"Source\":\"/etc\",\"Destination\":\"/"
        "e\",\"RW\":false}]}";
    _cleanup_(container_view_close) struct container_view v;
    assert_int_equal(parse_row(json, strlen(json), &v), 0);
    const struct engine_container *c = &v.c;
    assert_string_equal(c->id, ID);
    assert_string_equal(c->name, "web"); /* not the link's name */
    assert_string_equal(c->image, "nginx:1");
    assert_string_equal(c->image_id, "sha256:ab");
    assert_int_equal(c->status, CONTAINER_RUNNING);
    assert_int_equal(c->health, HEALTH_HEALTHY);
    assert_int_equal(c->created_s, 1700000000);
    assert_string_equal(c->network_mode, "front");
    assert_int_equal(c->n_labels, 2);
    assert_string_equal(engine_container_label(c, "roost.agent"), "web");
    assert_string_equal(engine_container_label(c, "empty"), "");
    assert_null(engine_container_label(c, "roost"));
    assert_int_equal(c->n_networks, 2);
    assert_string_equal(c->networks[0], "front");
    assert_string_equal(c->networks[1], "back");
    assert_int_equal(c->n_mounts, 2);
    assert_string_equal(c->mounts[0].type, "volume");
    assert_string_equal(c->mounts[0].name, "data");
    assert_string_equal(c->mounts[0].source, "/v");
    assert_string_equal(c->mounts[0].destination, "/data");
    assert_false(c->mounts[0].read_only);
    assert_string_equal(c->mounts[1].name, "");
    assert_true(c->mounts[1].read_only);
    assert_false(c->inspected);
    assert_string_equal(c->restart_policy, "");
}

static void an_inspection_of_docker(void **state)
{
    static const char json[] =
        "{\"Id\":\"" ID "\",\"Created\":\"2023-11-14T22:13:20.5Z\",\"Name\":\"/web\","
        "\"Image\":\"sha256:ab\",\"RestartCount\":3,\"State\":{\"Status\":\"exited\","
        "\"OOMKilled\":true,\"ExitCode\":137,\"Error\":\"no such file\","
        "\"StartedAt\":\"2023-11-14T22:13:21.123456789Z\",\"FinishedAt\":\"0001-01-01T00:00:00Z\","
        "\"Health\":{\"Status\":\"starting\"}},\"HostConfig\":{\"NetworkMode\":\"default\","
        "\"RestartPolicy\":{\"Name\":\"unless-stopped\",\"MaximumRetryCount\":0}},"
        "\"Config\":{\"Image\":\"nginx:1\",\"Labels\":{\"a\":\"b\"}},\"Mounts\":[],"
        "\"NetworkSettings\":{\"IPAddress\":\"1.1.1.1\",\"Networks\":{\"x\":{\"IPAddress\":\"\","
        "\"GlobalIPv6Address\":\"fd00::2\"},\"y\":{\"IPAddress\":\"172.18.0.2\"}}}}";
    _cleanup_(container_view_close) struct container_view v;
    assert_int_equal(parse_inspection(json, strlen(json), &v), 0);
    const struct engine_container *c = &v.c;
    assert_true(c->inspected);
    assert_string_equal(c->name, "web");
    assert_string_equal(c->image, "nginx:1");
    assert_string_equal(c->image_id, "sha256:ab");
    assert_int_equal(c->status, CONTAINER_EXITED);
    assert_int_equal(c->health, HEALTH_STARTING);
    assert_int_equal(c->created_s, 1700000000);
    assert_string_equal(c->network_mode, "default");
    assert_string_equal(c->restart_policy, "unless-stopped");
    assert_int_equal(c->exit_code, 137);
    assert_true(c->oom_killed);
    assert_string_equal(c->state_error, "no such file");
    assert_int_equal(c->started_at_ns, INT64_C(1700000001123456789));
    assert_int_equal(c->finished_at_ns, 0);
    assert_int_equal(c->restart_count, 3);
    assert_string_equal(c->address, "fd00::2");
    assert_string_equal(engine_container_label(c, "a"), "b");
}

static void rows_that_are_odd(void **state)
{
    static const struct {
        const char *json;
        int result;
        const char *name;
        enum container_status status;
    } rows[] = {
        {"{\"Id\":\"" ID "\"}", 0, "", CONTAINER_STATUS_UNKNOWN},
        {C("\"Names\":null,\"Labels\":null,\"Mounts\":null,\"NetworkSettings\":null"), 0, "",
         CONTAINER_STATUS_UNKNOWN},
        {C("\"Names\":[],\"State\":\"removing\""), 0, "", CONTAINER_REMOVING},
        {C("\"Names\":[\"web\"],\"State\":\"stopped\""), 0, "web", CONTAINER_EXITED}, /* Podman */
        {C("\"Names\":[\"/\"],\"State\":\"configured\""), 0, "", CONTAINER_CREATED},
        {C("\"State\":\"stopping\""), 0, "", CONTAINER_RUNNING},
        {C("\"State\":\"levitating\""), 0, "", CONTAINER_STATUS_UNKNOWN},
        {C("\"State\":\"unknown\""), 0, "", CONTAINER_STATUS_UNKNOWN},
        {C("\"State\":{\"Status\":\"running\"}"), 0, "", CONTAINER_STATUS_UNKNOWN},
        {C("\"State\":7,\"Created\":\"x\",\"Image\":null"), 0, "", CONTAINER_STATUS_UNKNOWN},
        {C("\"NetworkSettings\":{\"Networks\":{\"a\":null,\"b\":7}}"), 0, "",
         CONTAINER_STATUS_UNKNOWN},
        /* What would be read wrongly is not read. */
        {C("\"Names\":\"/web\""), -EBADMSG, NULL, 0},
        {C("\"Names\":[7]"), -EBADMSG, NULL, 0},
        {C("\"Labels\":[\"a=b\"]"), -EBADMSG, NULL, 0},
        {C("\"Labels\":{\"a\":7}"), -EBADMSG, NULL, 0},
        {C("\"Labels\":{},\"Labels\":{}"), -EBADMSG, NULL, 0},
        {C("\"Mounts\":{}"), -EBADMSG, NULL, 0},
        {C("\"Mounts\":[7]"), -EBADMSG, NULL, 0},
        {C("\"NetworkSettings\":{\"Networks\":[]}"), -EBADMSG, NULL, 0},
        {"{}", -EBADMSG, NULL, 0},
        {"{\"Id\":7}", -EBADMSG, NULL, 0},
        {"{\"Id\":\"c1\"}", -EBADMSG, NULL, 0},
        {"{\"Id\":\"../../" ID "\"}", -EBADMSG, NULL, 0},
        {"[]", -EBADMSG, NULL, 0},
        {"\"x\"", -EBADMSG, NULL, 0},
        {"", -EBADMSG, NULL, 0},
        {"{\"Id\":\"" ID "\"} x", -EBADMSG, NULL, 0},
        {C("\"Names\":[\"\xff\"]"), -EBADMSG, NULL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct container_view v;
        ROW("%s", rows[i].json);
        assert_int_equal(parse_row(rows[i].json, strlen(rows[i].json), &v), rows[i].result);
        if (rows[i].result != 0)
            continue;
        assert_string_equal(v.c.name, rows[i].name);
        assert_int_equal(v.c.status, rows[i].status);
        container_view_close(&v);
    }
}

static void inspections_that_are_odd(void **state)
{
    static const struct {
        const char *json;
        int result;
        const char *policy;
        int exit_code;
    } rows[] = {
        {C("\"State\":{}"), 0, "no", 0},
        {C("\"State\":{\"ExitCode\":99999999999},\"HostConfig\":{\"RestartPolicy\":{\"Name\":\"\"}"
           "}"),
         0, "no", INT32_MAX},
        {C("\"State\":{\"ExitCode\":-99999999999},\"HostConfig\":{\"RestartPolicy\":{\"Name\":"
           "\"always\"}}"),
         0, "always", INT32_MIN},
        {C("\"State\":{\"Health\":7,\"StartedAt\":7},\"Config\":7,\"NetworkSettings\":[]"), 0, "no",
         0},
        {C("\"State\":\"running\""), -EBADMSG, NULL, 0},
        {C("\"Name\":\"/web\""), -EBADMSG, NULL, 0},
        {C("\"State\":{},\"Config\":{\"Labels\":[]}"), -EBADMSG, NULL, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct container_view v;
        ROW("%s", rows[i].json);
        assert_int_equal(parse_inspection(rows[i].json, strlen(rows[i].json), &v), rows[i].result);
        if (rows[i].result != 0)
            continue;
        assert_string_equal(v.c.restart_policy, rows[i].policy);
        assert_int_equal(v.c.exit_code, rows[i].exit_code);
        container_view_close(&v);
    }
}

/* One container with NUL bytes in its labels must not hide all the others. */
static void a_nul_byte_hides_nothing(void **state)
{
    static const char json[] = C("\"Labels\":{\"a\\u0000b\":\"c\\u0000d\",\"e\":\"\\\\u0000\"}");
    _cleanup_(container_view_close) struct container_view v;
    assert_int_equal(parse_row(json, strlen(json), &v), 0);
    assert_string_equal(engine_container_label(&v.c, "a\xef\xbf\xbd"
                                                     "b"),
                        "c\xef\xbf\xbd"
                        "d");
    assert_string_equal(engine_container_label(&v.c, "e"),
                        "\\u0000"); /* a backslash and five letters */
}

static void health_in_a_row(void **state)
{
    static const struct {
        const char *json;
        enum container_health health;
    } rows[] = {
        {C("\"Status\":\"Up 2 minutes\""), HEALTH_NONE},
        {C("\"Status\":\"Up 2 minutes (healthy)\""), HEALTH_HEALTHY},
        {C("\"Status\":\"Up 2 minutes (unhealthy)\""), HEALTH_UNHEALTHY},
        {C("\"Status\":\"Up 1 second (health: starting)\""), HEALTH_STARTING},
        {C("\"Status\":\"Up 1 second (Paused)\""), HEALTH_NONE},
        {C("\"Status\":null"), HEALTH_NONE},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(container_view_close) struct container_view v;
        ROW("%s", rows[i].json);
        assert_int_equal(parse_row(rows[i].json, strlen(rows[i].json), &v), 0);
        assert_int_equal(v.c.health, rows[i].health);
    }
}

static void times_to_the_nanosecond(void **state)
{
    static const struct {
        const char *text;
        int64_t ns;
    } rows[] = {
        {"2023-11-14T22:13:20Z", INT64_C(1700000000000000000)},
        {"2023-11-14T22:13:20.000000001Z", INT64_C(1700000000000000001)},
        {"2023-11-14T22:13:20.1234Z", INT64_C(1700000000123400000)},
        {"2023-11-14T22:13:20.987654321Z", INT64_C(1700000000987654321)},
        {"2023-11-15T00:13:20.5+02:00", INT64_C(1700000000500000000)},
        {"0001-01-01T00:00:00Z", 0},
        {"9999-01-01T00:00:00Z", 0}, /* more than fits */
        {"", 0},
        {"yesterday", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].text);
        assert_int_equal(parse_time_ns(rows[i].text), rows[i].ns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_docker),          cmocka_unit_test(an_inspection_of_docker),
        cmocka_unit_test(rows_that_are_odd),        cmocka_unit_test(inspections_that_are_odd),
        cmocka_unit_test(a_nul_byte_hides_nothing), cmocka_unit_test(health_in_a_row),
        cmocka_unit_test(times_to_the_nanosecond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
