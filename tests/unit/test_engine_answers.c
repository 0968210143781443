/* SPDX-License-Identifier: MIT
 *
 * What each answer means, from the call to the outcome, over a real socket.
 */
#include "unit.h"

#include "engine_fake.h"

#define ID "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1"

enum what {
    PING,
    LIST,
    INSPECT,
    CREATE,
    START,
    STOP,
    PAUSE,
    UNPAUSE,
    RENAME,
    REMOVE,
    UPDATE,
    NETWORK,
    NETWORK_REMOVE,
    VOLUME,
    VOLUME_REMOVE,
};

static void call(struct fake *f, enum what what, struct fake_result *r)
{
    static const struct engine_create create = {.name = "web", .body = "{}", .body_len = 2};
    struct engine *e = f->engine;
    switch (what) {
    case PING:
        engine_ping(e, fake_on_done, r);
        break;
    case LIST:
        engine_list(e, NULL, fake_on_row, fake_on_done, r);
        break;
    case INSPECT:
        engine_inspect(e, "web", fake_on_done, r);
        break;
    case CREATE:
        engine_create(e, &create, fake_on_done, r);
        break;
    case START:
        engine_start(e, "web", fake_on_done, r);
        break;
    case STOP:
        engine_stop(e, "web", 10000, fake_on_done, r);
        break;
    case PAUSE:
        engine_pause(e, "web", fake_on_done, r);
        break;
    case UNPAUSE:
        engine_unpause(e, "web", fake_on_done, r);
        break;
    case RENAME:
        engine_rename(e, "web", "web2", fake_on_done, r);
        break;
    case REMOVE:
        engine_remove(e, "web", fake_on_done, r);
        break;
    case UPDATE:
        engine_update_restart(e, "web", "no", fake_on_done, r);
        break;
    case NETWORK:
        engine_network_create(e, "net", "{\"Name\":\"net\"}", fake_on_done, r);
        break;
    case NETWORK_REMOVE:
        engine_network_remove(e, "net", fake_on_done, r);
        break;
    case VOLUME:
        engine_volume_create(e, "vol", "{\"Name\":\"vol\"}", fake_on_done, r);
        break;
    case VOLUME_REMOVE:
        engine_volume_remove(e, "vol", fake_on_done, r);
        break;
    }
}

#define M(text) "{\"message\":\"" text "\"}"

/* One answer to the request of one call; {status, body}. `words` must be in the error's text. */
static const struct {
    enum what what;
    const char *request;
    int status;
    const char *body;
    enum engine_outcome outcome;
    const char *words;
} rows[] = {
    {PING, "/_ping", 200, "OK", ENGINE_DONE, NULL},
    {PING, "/_ping", 500, M("no"), ENGINE_REFUSED, "ping engine: no"},

    {INSPECT, "GET /v1.41/containers/web/json", 404, M("No such container: web"), ENGINE_NOT_FOUND,
     "inspect container web: No such container: web"},
    {INSPECT, "web/json", 404, "<html>404</html>", ENGINE_UNSUPPORTED, "HTTP 404"},
    {INSPECT, "web/json", 500, M("devicemapper died."), ENGINE_REFUSED, "devicemapper died"},
    {INSPECT, "web/json", 500, M(". ."), ENGINE_REFUSED, "inspect container web: HTTP 500"},
    {INSPECT, "web/json", 500, "...\r\n", ENGINE_REFUSED, "inspect container web: HTTP 500"},
    {INSPECT, "web/json", 200, "<html>hello</html>", ENGINE_UNKNOWN, "is not a container"},
    {INSPECT, "web/json", 200, "[]", ENGINE_UNKNOWN, "is not a container"},
    {INSPECT, "web/json", 200, "{\"Id\":\"" ID "\"}", ENGINE_UNKNOWN, "is not a container"},
    {INSPECT, "web/json", 200, "{\"Id\":\"" ID "\",\"State\":\"running\"}", ENGINE_UNKNOWN,
     "is not a container"},
    {INSPECT, "web/json", 200,
     "{\"Id\":\"" ID "\",\"Name\":\"/web\",\"State\":{\"Status\":\"running\"}}", ENGINE_DONE, NULL},
    {INSPECT, "web/json", 204, NULL, ENGINE_UNKNOWN, "HTTP 204"},
    {INSPECT, "web/json", 301, NULL, ENGINE_REFUSED, "HTTP 301"},
    {INSPECT, "web/json", 502, "<html>Bad Gateway</html>", ENGINE_UNKNOWN, "HTTP 502"},
    {INSPECT, "web/json", 504, NULL, ENGINE_UNKNOWN, "HTTP 504"},
    {INSPECT, "web/json", 403, "<html><body>403 Forbidden</body></html>", ENGINE_REFUSED,
     "HTTP 403"},
    {INSPECT, "web/json", 403, "Forbidden\nby the relay", ENGINE_REFUSED,
     "inspect container web: Forbidden"},

    {LIST, "GET /v1.41/containers/json?all=1 ", 200, "[]", ENGINE_DONE, NULL},
    {LIST, "json?all", 200, "[{\"Id\":\"" ID "\"}]\n", ENGINE_DONE, NULL},
    {LIST, "json?all", 200, "", ENGINE_UNKNOWN, "ended too early"},
    {LIST, "json?all", 200, "[{\"Id\":\"" ID "\"}", ENGINE_UNKNOWN, "ended too early"},
    {LIST, "json?all", 200, "[{\"Id\":\"" ID "\"},", ENGINE_UNKNOWN, "ended too early"},
    {LIST, "json?all", 200, "[{\"Id\":\"" ID "\"},{\"Id\":5}]", ENGINE_UNKNOWN,
     "not what an engine says"},
    {LIST, "json?all", 200, "[{\"Id\":\"" ID "\",\"Labels\":[]}]", ENGINE_UNKNOWN,
     "not what an engine says"},
    {LIST, "json?all", 200, "[{\"Id\":\"" ID "\",}]", ENGINE_UNKNOWN, "not what an engine says"},
    {LIST, "json?all", 200, "<html></html>", ENGINE_UNKNOWN, "not what an engine says"},
    {LIST, "json?all", 200, "{}", ENGINE_UNKNOWN, "not what an engine says"},
    {LIST, "json?all", 200, "null", ENGINE_UNKNOWN, "not what an engine says"},
    {LIST, "json?all", 500, "[]", ENGINE_REFUSED, "list containers"},

    {CREATE, "POST /v1.41/containers/create?name=web ", 201,
     "{\"Id\":\"" ID "\",\"Warnings\":null}", ENGINE_DONE, NULL},
    {CREATE, "create", 201, "{\"Id\":\"abc\"}", ENGINE_UNKNOWN, "no container's id"},
    {CREATE, "create", 201, "<html></html>", ENGINE_UNKNOWN, "no container's id"},
    {CREATE, "create", 200, "<html></html>", ENGINE_UNKNOWN, "HTTP 200"},
    {CREATE, "create", 409,
     M("Conflict. The container name \\\"/web\\\" is already in use by container \\\"1\\\"."),
     ENGINE_NAME_TAKEN, "create container web: Conflict. The container name \"/web\""},
    {CREATE, "create", 500,
     M("creating container storage: the container name \\\"web\\\" is already in use"),
     ENGINE_NAME_TAKEN, "already in use"},
    {CREATE, "create", 404, M("No such image: nope:latest"), ENGINE_IMAGE_MISSING,
     "No such image: nope:latest"},
    {CREATE, "create", 404, M("docker.io/library/nope:latest: image not known"),
     ENGINE_IMAGE_MISSING, "image not known"},
    {CREATE, "create", 404,
     M("image with reference a:1 was found but does not match the specified platform: wanted "
       "linux/arm64, actual: linux/amd64"),
     ENGINE_IMAGE_MISSING, "wanted linux/arm64"},
    {CREATE, "create", 404, M("No such container: db"), ENGINE_REFUSED, "No such container: db"},
    {CREATE, "create", 404, M("page not found"), ENGINE_UNSUPPORTED, "page not found"},
    {CREATE, "create", 400, M("invalid restart policy"), ENGINE_REFUSED, "invalid restart policy"},
    {CREATE, "create", 500, M("json: cannot unmarshal"), ENGINE_REFUSED, "cannot unmarshal"},
    {CREATE, "create", 409, M("cannot join network of a non running container"), ENGINE_REFUSED,
     "non running"},

    {START, "POST /v1.41/containers/web/start ", 204, NULL, ENGINE_DONE, NULL},
    {START, "start", 304, NULL, ENGINE_ALREADY, NULL},
    {START, "start", 404, M("No such container: web"), ENGINE_NOT_FOUND, "No such container"},
    {START, "start", 404, M("network front not found"), ENGINE_NETWORK_MISSING,
     "network front not found"},
    {START, "start", 400, M("network front is ambiguous (2 matches found on name)"),
     ENGINE_NETWORK_MISSING, "is ambiguous"},
    {START, "start", 404, M("get data: no such volume"), ENGINE_REFUSED, "no such volume"},
    {START, "start", 409, M("cannot start a paused container, try unpause instead"), ENGINE_BUSY,
     "paused"},
    {START, "start", 500, M("Bind for 0.0.0.0:80 failed: port is already allocated"),
     ENGINE_REFUSED, "port is already allocated"},
    {START, "start", 400, M("exec: \\\"nope\\\": executable file not found in $PATH"),
     ENGINE_REFUSED, "not found in $PATH"},
    {START, "start", 200, "<html>welcome</html>", ENGINE_UNKNOWN, "HTTP 200"},
    {START, "start", 503, M("busy"), ENGINE_REFUSED, "busy"},
    {START, "start", 500, M("a\\u001b[31mred\\u0000x"), ENGINE_REFUSED, "a\\x1b[31mred"},

    {STOP, "POST /v1.41/containers/web/stop ", 204, NULL, ENGINE_DONE, NULL},
    {STOP, "stop", 304, NULL, ENGINE_ALREADY, NULL},
    {STOP, "stop", 404, M("No such container: web"), ENGINE_NOT_FOUND, "No such container"},

    {PAUSE, "POST /v1.41/containers/web/pause ", 204, NULL, ENGINE_DONE, NULL},
    {PAUSE, "pause", 409, M("Container web is already paused"), ENGINE_ALREADY, NULL},
    {PAUSE, "pause", 500, M("\\\"web\\\" is already paused"), ENGINE_ALREADY, NULL},
    {PAUSE, "pause", 409, M("Container web is not running"), ENGINE_BUSY, "not running"},
    {PAUSE, "pause", 409, M("Container web is restarting, wait until the container is running"),
     ENGINE_BUSY, "restarting"},
    {UNPAUSE, "POST /v1.41/containers/web/unpause ", 204, NULL, ENGINE_DONE, NULL},
    {UNPAUSE, "unpause", 404, M("No such container: web"), ENGINE_NOT_FOUND, "No such"},

    {RENAME, "POST /v1.41/containers/web/rename?name=web2 ", 204, NULL, ENGINE_DONE, NULL},
    {RENAME, "rename", 409,
     M("Conflict. The container name \\\"/web2\\\" is already in use by container 1"),
     ENGINE_NAME_TAKEN, "already in use"},
    {RENAME, "rename", 400, M("Renaming a container with the same name as its current name"),
     ENGINE_ALREADY, NULL},
    {RENAME, "rename", 409, M("Container web is marked for removal and cannot be renamed"),
     ENGINE_BUSY, "marked for removal"},

    {REMOVE, "DELETE /v1.41/containers/web?v=0&force=0 ", 204, NULL, ENGINE_DONE, NULL},
    {REMOVE, "DELETE", 404, M("No such container: web"), ENGINE_NOT_FOUND, "No such"},
    {REMOVE, "DELETE", 409, M("removal of container web is already in progress"), ENGINE_BUSY,
     "already in progress"},
    {REMOVE, "DELETE", 409, M("You cannot remove a running container 1."), ENGINE_BUSY, "running"},
    {REMOVE, "DELETE", 500, M("driver failed to remove root filesystem"), ENGINE_REFUSED,
     "root filesystem"},

    {UPDATE, "POST /v1.41/containers/web/update {\"RestartPolicy\":{\"Name\":\"no\"", 200,
     "{\"Warnings\":null}", ENGINE_DONE, NULL},
    {UPDATE, "update", 404, M("No such container: web"), ENGINE_NOT_FOUND, "No such"},
    {UPDATE, "update", 404, "Not Found\n", ENGINE_UNSUPPORTED, "Not Found"},
    {UPDATE, "update", 405, "Method Not Allowed", ENGINE_UNSUPPORTED, "Method Not Allowed"},
    {UPDATE, "update", 400, M("invalid restart policy"), ENGINE_REFUSED, "invalid"},

    {NETWORK, "/networks/create {\"Name\":\"net\"}", 201, "{\"Id\":\"5\"}", ENGINE_DONE, NULL},
    {NETWORK, "/networks/create", 409, M("network with name net already exists"), ENGINE_ALREADY,
     NULL},
    {NETWORK, "/networks/create", 403, M("Pool overlaps with other one on this address space"),
     ENGINE_REFUSED, "Pool overlaps"},
    {NETWORK, "/networks/create", 201, "x", ENGINE_UNKNOWN, "does not tell what was made"},
    {NETWORK, "/networks/create", 404, M("plugin \\\"nope\\\" not found"), ENGINE_REFUSED,
     "plugin"},
    {NETWORK, "/networks/create", 404, M("page not found"), ENGINE_UNSUPPORTED, "page not found"},
    {NETWORK_REMOVE, "DELETE /v1.41/networks/net ", 204, NULL, ENGINE_DONE, NULL},
    {NETWORK_REMOVE, "DELETE", 404, M("network net not found"), ENGINE_NOT_FOUND, "not found"},
    {NETWORK_REMOVE, "DELETE", 403,
     M("error while removing network: network net has active endpoints"), ENGINE_BUSY,
     "active endpoints"},
    {NETWORK_REMOVE, "DELETE", 403, M("bridge is a pre-defined network and cannot be removed"),
     ENGINE_REFUSED, "pre-defined"},

    {VOLUME, "/volumes/create {\"Name\":\"vol\"}", 201, "{\"Name\":\"vol\"}", ENGINE_DONE, NULL},
    {VOLUME, "/volumes/create", 201, "", ENGINE_UNKNOWN, "does not tell what was made"},
    {VOLUME, "/volumes/create", 500, M("unknown driver"), ENGINE_REFUSED, "unknown driver"},
    {VOLUME_REMOVE, "DELETE /v1.41/volumes/vol ", 204, NULL, ENGINE_DONE, NULL},
    {VOLUME_REMOVE, "DELETE", 404, M("get vol: no such volume"), ENGINE_NOT_FOUND,
     "no such volume"},
    {VOLUME_REMOVE, "DELETE", 409, M("remove vol: volume is in use - [1]"), ENGINE_BUSY, "in use"},
};

static void each_answer_has_its_meaning(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        /* What is looked up before a network or a volume is made is not there. */
        const struct fake_rule rules[] = {
            {.request = rows[i].request, .status = rows[i].status, .body = rows[i].body},
            {.request = "/networks?filters=",
             .status = 200,
             .body = "[{\"Name\":\"net2\",\"Id\":\"2\"}]"},
            {.request = "GET /v1.41/volumes/vol",
             .status = 404,
             .body = M("get vol: no such volume")},
        };
        struct fake f;
        struct fake_result r = {0};
        ROW("%s → %d %s", rows[i].request, rows[i].status, rows[i].body ? rows[i].body : "");
        fake_open(&f, rules, ARRAY_LEN(rules), 0);
        call(&f, rows[i].what, &r);
        assert_int_equal(r.calls, 0); /* never from inside the call */
        fake_wait(&f, &r);
        assert_string_equal(engine_outcome_name(r.outcome), engine_outcome_name(rows[i].outcome));
        assert_true(rows[i].words ? strstr(r.error.text, rows[i].words) != NULL
                                  : !error_is_set(&r.error));
        if (rows[i].words)
            assert_string_equal(r.error.code, engine_outcome_name(rows[i].outcome));
        fake_close(&f);
        assert_int_equal(r.calls, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_answer_has_its_meaning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
