/* SPDX-License-Identifier: MIT
 *
 * Good files: the rows and resources that they become.
 */
#include "compose_fixture.h"

static void one_service(const char *service, const char *const *env, const char *spec)
{
    char text[2048];
    (void)snprintf(text, sizeof(text), "services:\n  web: {image: busybox, %s}\n", service);
    ROW("%s", service);
    _cleanup_project_ struct compose_project *p = fixture_good(text, env);
    assert_int_equal(p->n_services, 1);
    assert_string_equal(p->services[0].spec, spec);
}

static void services_become_rows_in_their_order(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("name: fleet\n"
                     "services:\n"
                     "  web:\n"
                     "    image: busybox:1.36\n"
                     "    restart: always\n"
                     "\n"
                     "  agent.1:\n"
                     "    image: ${IMAGE}\n"
                     "    x-roost:\n"
                     "      lifecycle: lazy\n"
                     "      idle_timeout: 1h30m\n"
                     "      ready: {tcp: 80}\n"
                     "  A_b-c:\n"
                     "    image: busybox\n"
                     "    x-roost: {lifecycle: hot}\n",
                     (const char *const[]){"IMAGE=agent:2", NULL});
    assert_string_equal(p->name, "fleet");
    assert_string_equal(p->file, "/srv/demo/compose.yaml");
    assert_int_equal(p->n_warnings, 0);
    assert_int_equal(p->n_services, 3);
    const struct compose_service *s = p->services;
    assert_string_equal(s[0].name, "web");
    assert_int_equal(s[0].lifecycle, LIFECYCLE_HOT);
    assert_string_equal(s[0].image, "busybox:1.36");
    assert_null(s[0].idle_timeout);
    assert_string_equal(s[0].spec, "{\"restart\":\"always\"}");
    assert_int_equal(s[0].line, 3);
    assert_string_equal(s[1].name, "agent.1");
    assert_int_equal(s[1].lifecycle, LIFECYCLE_LAZY);
    assert_string_equal(s[1].image, "agent:2");
    assert_string_equal(s[1].idle_timeout, "1h30m");
    assert_string_equal(s[1].spec, "{\"x-roost\":{\"ready\":{\"tcp\":80}}}");
    assert_int_equal(s[1].line, 7);
    assert_string_equal(s[2].name, "A_b-c");
    assert_string_equal(s[2].spec, "{}");
}

/* The same four services each time; comments, order of keys, quotes, flow and block style and
 * anchors differ. */
static const char *const spellings[] = {
    "name: same\n"
    "services:\n"
    "  a:\n"
    "    image: busybox\n"
    "    command: [\"sh\", \"-c\", \"sleep 5\"]\n"
    "    environment:\n"
    "      B: \"2\"\n"
    "      A: one two\n"
    "    labels:\n"
    "      org.x: \"true\"\n"
    "    ports: [\"127.0.0.1:80:80\"]\n"
    "    init: true\n"
    "    stop_grace_period: 1m30s\n"
    "  b:\n"
    "    image: busybox\n"
    "    init: true\n"
    "    depends_on: [a]\n"
    "    x-roost: {lifecycle: lazy, idle_timeout: 5m}\n",

    "# The same, said otherwise.\n"
    "x-common: &common\n"
    "  init: yes_please\n"
    "  image: 'busybox' # for all\n"
    "services:\n"
    "    a: {<<: *common, init: True, stop_grace_period: \"90s\",\n"
    "        ports: ['127.0.0.1:80:80/tcp'],\n"
    "        labels: [org.x=true],\n"
    "        environment: [ 'A=one two', B=2 ],\n"
    "        command: sh -c 'sleep 5'}\n"
    "    b:\n"
    "        x-roost:\n"
    "            idle_timeout: '300s'\n"
    "            lifecycle: \"lazy\"\n"
    "        <<: [{init: true}, *common]\n"
    "        depends_on: {a: {condition: service_started}}\n"
    "        x-note: nobody reads this\n"
    "\"name\": same\n",

    "{\"services\": {\"a\": {\"environment\": {\"A\": \"one two\", \"B\": 2},\n"
    "\"image\": \"busybox\", \"init\": true, \"stop_grace_period\": \"1m30s\", \"labels\":\n"
    "{\"org.x\": true}, \"command\": [\"sh\", \"-c\", \"sleep 5\"], \"ports\": "
    "[\"127.0.0.1:80:80\"]},\n"
    "\"b\": {\"image\": \"busybox\", \"depends_on\": [\"a\"], \"init\": true, \"x-roost\":\n"
    "{\"idle_timeout\": \"4m60000ms\", \"lifecycle\": \"lazy\"}}}, \"name\": \"same\"}\n",
};

static void spelling_does_not_matter(void **state)
{
    _cleanup_project_ struct compose_project *first = fixture_good(spellings[0], NULL);
    for (size_t i = 1; i < ARRAY_LEN(spellings); i++) {
        ROW("spelling %zu", i);
        _cleanup_project_ struct compose_project *p = fixture_good(spellings[i], NULL);
        assert_string_equal(p->name, first->name);
        assert_int_equal(p->n_services, first->n_services);
        for (size_t k = 0; k < p->n_services; k++) {
            const struct compose_service *a = &first->services[k], *b = &p->services[k];
            assert_string_equal(b->name, a->name);
            assert_string_equal(b->image, a->image);
            assert_string_equal(b->spec, a->spec);
            assert_int_equal(b->lifecycle, a->lifecycle);
            assert_true(!a->idle_timeout == !b->idle_timeout);
            if (a->idle_timeout)
                assert_string_equal(b->idle_timeout, a->idle_timeout);
        }
    }
}

static void environments(void **state)
{
    static const char *const env[] = {"SEEN=from outside", "EMPTY=", NULL};
    static const struct {
        const char *service, *spec;
    } rows[] = {
        {"environment: {A: b}", "{\"environment\":{\"A\":\"b\"}}"},
        {"environment: [A=b, C=d=e, F=]",
         "{\"environment\":{\"A\":\"b\",\"C\":\"d=e\",\"F\":\"\"}}"},
        {"environment: [A=b, A=c]", "{\"environment\":{\"A\":\"c\"}}"},
        {"environment: {SEEN: , NOT_SEEN: , A: b}",
         "{\"environment\":{\"A\":\"b\",\"SEEN\":\"from outside\"}}"},
        {"environment: [SEEN, NOT_SEEN]", "{\"environment\":{\"SEEN\":\"from outside\"}}"},
        {"environment: [EMPTY]", "{\"environment\":{\"EMPTY\":\"\"}}"},
        {"environment: [NOT_SEEN]", "{}"},
        {"environment: {}", "{}"},
        {"environment: []", "{}"},
        {"environment: ", "{}"},
        {"environment: {A: \"\", B: ~, C: \"~\"}", "{\"environment\":{\"A\":\"\",\"C\":\"~\"}}"},
        {"environment: {A: 1, B: 1.5, C: true, D: no, E: \"022\"}",
         "{\"environment\":{\"A\":\"1\",\"B\":\"1.5\",\"C\":\"true\",\"D\":\"no\",\"E\":\"022\"}}"},
        {"environment: {A: !!str 022, B: ! 1.10}",
         "{\"environment\":{\"A\":\"022\",\"B\":\"1.10\"}}"},
        {"environment: {A: \"$SEEN\", B: '${SEEN}', C: \"$$SEEN\", $SEEN: d}",
         "{\"environment\":{\"$SEEN\":\"d\",\"A\":\"from outside\",\"B\":\"from "
         "outside\",\"C\":\"$SEEN\"}}"},
        {"environment: {A: \"a\\nb\\u00e9\"}", "{\"environment\":{\"A\":\"a\\nb\xc3\xa9\"}}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        one_service(rows[i].service, env, rows[i].spec);
}

static void variables_become_numbers_and_booleans(void **state)
{
    static const char *const env[] = {"YES=true", "ON=on",   "NO=False",  "N=5",
                                      "HALF=0.5", "MEM=64m", "PORT=8080", NULL};
    static const struct {
        const char *service, *spec;
    } rows[] = {
        {"init: $YES", "{\"init\":true}"},
        {"init: \"${ON}\"", "{\"init\":true}"},
        {"init: \"${UNSET:-no}\"", "{\"init\":false}"},
        {"read_only: \"${NO}\"", "{\"read_only\":false}"},
        {"pids_limit: \"${N}\"", "{\"pids_limit\":5}"},
        {"cpus: \"${HALF}\"", "{\"cpus\":\"0.5\"}"},
        {"mem_limit: \"${MEM}\"", "{\"mem_limit\":\"64m\"}"},
        {"ports: [\"$PORT:80\"]", "{\"ports\":[\"8080:80\"]}"},
        {"x-roost: {lifecycle: \"${UNSET:-lazy}\"}", "{}"},
        {"x-roost: {ready: {tcp: $PORT}}", "{\"x-roost\":{\"ready\":{\"tcp\":8080}}}"},
        {"x-other: {a: \"$PORT\"}", "{}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        one_service(rows[i].service, env, rows[i].spec);
}

/* deploy and the key beside it may use other units for one value. */
static void deploy_says_the_same(void **state)
{
    one_service(
        "mem_limit: 64m, cpus: 0.5, pids_limit: \"9\", gpus: all, deploy: {resources: {limits: "
        "{memory: 67108864, cpus: \"0.50\", pids: 9}, reservations: {devices: [{count: all}]}}}",
        NULL,
        "{\"cpus\":\"0.5\",\"gpus\":[{\"count\":-1}],"
        "\"mem_limit\":\"64m\",\"pids_limit\":9}");
}

static void paths(void **state)
{
    static const char *const env[] = {"HOME=/home/op", "DATA=./data", NULL};
    static const struct {
        const char *volume, *result;
    } rows[] = {
        {"./x:/x", "/srv/demo/x:/x"}, {".:/x", "/srv/demo:/x"},
        {"..:/x", "/srv:/x"},         {"../x/:/x:ro", "/srv/x:/x:ro"},
        {"../../../x:/x", "/x:/x"},   {"./a//b/./../c:/x", "/srv/demo/a/c:/x"},
        {".x:/x", "/srv/demo/.x:/x"}, {"~/x:/x", "/home/op/x:/x"},
        {"~:/x", "/home/op:/x"},      {"$DATA:/x", "/srv/demo/data:/x"},
        {"/abs/x:/x", "/abs/x:/x"},   {"/x", "/x"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char service[256], spec[256];
        (void)snprintf(service, sizeof(service), "volumes: [\"%s\"]", rows[i].volume);
        (void)snprintf(spec, sizeof(spec), "{\"volumes\":[\"%s\"]}", rows[i].result);
        one_service(service, env, spec);
    }
    one_service("volumes: [{type: bind, source: ../y, target: /y}]", env,
                "{\"volumes\":[\"/srv/y:/y\"]}");
}

static void home_must_be_known(void **state)
{
    _cleanup_project_ struct compose_project *p = NULL;
    struct error err = ERROR_INIT;
    assert_int_equal(
        fixture_load("services:\n  a:\n    image: b\n    volumes: [\"~/x:/x\"]\n", NULL, &p, &err),
        -EINVAL);
    assert_string_equal(
        err.text, "compose.yaml:4:15: \"~\" needs HOME in the environment; write the whole path");
}

/* ---- names ---- */

static void the_name_of_the_project(void **state)
{
    static const struct {
        const char *option, *name, *variable, *folder, *result; /* NULL: refused */
    } rows[] = {
        {"p", "n", "v", "/f", "p"},
        {NULL, "n", "v", "/f", "n"},
        {NULL, NULL, "v", "/f", "v"},
        {NULL, NULL, "", "/f", "f"},
        {NULL, NULL, NULL, "/srv/f", "f"},
        {NULL, NULL, NULL, "/srv/My App.2", "myapp2"},
        {NULL, NULL, NULL, "/srv/_-x_y-", "x_y-"},
        {NULL, NULL, NULL, "/srv/\xc3\x84pfel", "pfel"},
        {NULL, NULL, NULL, "/srv/...", NULL},
        {NULL, NULL, NULL, "/", NULL},
        {"P", "n", NULL, "/f", NULL},
        {"", "n", NULL, "/f", NULL},
        {NULL, "n m", NULL, "/f", NULL},
        {NULL, NULL, "V", "/f", NULL},
        {NULL, "\"${COMPOSE_PROJECT_NAME}x\"", "v", "/f", "vx"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[128], variable[64] = "NONE=";
        ROW("%zu", i);
        (void)snprintf(text, sizeof(text),
                       "services: {a: {image: \"b:$COMPOSE_PROJECT_NAME\"}}\n%s%s\n",
                       rows[i].name ? "name: " : "", rows[i].name ? rows[i].name : "");
        if (rows[i].variable)
            (void)snprintf(variable, sizeof(variable), "COMPOSE_PROJECT_NAME=%s", rows[i].variable);
        const char *const env[] = {variable, NULL};
        struct compose_options options = {
            .project_name = rows[i].option, .env = fixture_env, .env_ctx = (void *)env};
        struct compose_text source = {.text = text,
                                      .len = strlen(text),
                                      .path = "/f/compose.yaml",
                                      .shown_as = "compose.yaml",
                                      .folder = rows[i].folder};
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        int r = compose_load_texts(&options, &source, 1, &p, &err);
        assert_int_equal(r, rows[i].result ? 0 : -EINVAL);
        if (!rows[i].result) {
            assert_int_equal(err.kind, rows[i].option ? ERROR_USAGE : ERROR_INVALID);
            continue;
        }
        char image[64];
        (void)snprintf(image, sizeof(image), "b:%s", rows[i].result);
        assert_string_equal(p->name, rows[i].result);
        assert_string_equal(p->services[0].image, image); /* the variable is the name, once known */
    }
}

/* ---- warnings ---- */

static void warnings(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("version: \"3.8\"\n"
                     "name: n\n"
                     "services:\n"
                     "  a:\n"
                     "    image: b\n"
                     "    environment:\n"
                     "      A: ${UNSET}\n"
                     "      B: ${UNSET}${OTHER}\n"
                     "      MASK: 022\n"
                     "      VERSION: 1.10\n"
                     "      OK: 1.5\n",
                     (const char *const[]){"COMPOSE_PROJECT_NAME=m", NULL});
    static const char *const expected[] = {
        "compose.yaml:1:1: \"version\" means nothing any more and is ignored; remove it",
        "compose.yaml:2:7: COMPOSE_PROJECT_NAME is set to another name, which Compose would take; "
        "roost takes the file's",
        "compose.yaml:7:10: the variable \"UNSET\" is not set and is taken as empty",
        "compose.yaml:8:10: the variable \"OTHER\" is not set and is taken as empty",
        "compose.yaml:9:13: this is a number that reads back differently from how it is written; "
        "put it in quotes to keep it",
        "compose.yaml:10:16: this is a number that reads back differently from how it is written; "
        "put it in quotes to keep it",
    };
    assert_int_equal(p->n_warnings, ARRAY_LEN(expected));
    for (size_t i = 0; i < ARRAY_LEN(expected); i++)
        assert_string_equal(p->warnings[i], expected[i]);
    assert_string_equal(p->services[0].spec,
                        "{\"environment\":{\"A\":\"\",\"B\":\"\",\"MASK\":\"18\",\"OK\":\"1.5\","
                        "\"VERSION\":\"1.1\"}}");
}

/* ---- YAML ---- */

static void merge_keys(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("x-a: &a {hostname: a, user: a, working_dir: /a}\n"
                     "x-b: &b {<<: *a, user: b, init: true}\n"
                     "services:\n"
                     "  own:\n"
                     "    hostname: own\n"
                     "    <<: *b\n"
                     "    image: busybox\n"
                     "  first:\n"
                     "    <<: [*a, *b]\n"
                     "    image: busybox\n"
                     "  quoted:\n"
                     "    image: busybox\n"
                     "    labels: {\"<<\": text}\n",
                     NULL);
    assert_string_equal(
        p->services[0].spec,
        "{\"hostname\":\"own\",\"init\":true,\"user\":\"b\",\"working_dir\":\"/a\"}");
    assert_string_equal(p->services[1].spec,
                        "{\"hostname\":\"a\",\"init\":true,\"user\":\"a\",\"working_dir\":\"/a\"}");
    assert_string_equal(p->services[2].spec, "{\"labels\":{\"<<\":\"text\"}}");
}

static void anchors_may_be_set_anew(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("services:\n"
                     "  a: {image: &i one, hostname: &h x}\n"
                     "  b: {image: *i, hostname: &h y}\n"
                     "  c: {image: *i, hostname: *h}\n",
                     NULL);
    assert_string_equal(p->services[2].image, "one");
    assert_string_equal(p->services[2].spec, "{\"hostname\":\"y\"}");
}

/* U+0085 is the one character of its range that YAML allows: a line's end. */
static void an_old_end_of_line(void **state)
{
    one_service("labels: {a: \"b\xc2\x85 c\"}", NULL, "{\"labels\":{\"a\":\"b c\"}}");
}

static void a_byte_order_mark_and_crlf(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("\xef\xbb\xbfservices:\r\n  a:\r\n    image: b\r\n", NULL);
    assert_string_equal(p->services[0].image, "b");
}

/* ---- resources ---- */

static void resources(void **state)
{
    _cleanup_project_ struct compose_project *p = fixture_good(
        "name: p\n"
        "services:\n"
        "  plain: {image: b, volumes: [\"data:/d\", \"./x:/x\", \"/y\"]}\n"
        "  front: {image: b, networks: [front, out]}\n"
        "  host: {image: b, network_mode: host}\n"
        "networks:\n"
        "  front:\n"
        "    driver: bridge\n"
        "    driver_opts: {com.docker.network.bridge.name: br0, mtu: 1400}\n"
        "    internal: true\n"
        "    attachable: \"true\"\n"
        "    enable_ipv6: ${V6:-false}\n"
        "    labels: [a=b, c]\n"
        "    name: ${N:-the-front}\n"
        "    x-note: mine\n"
        "    ipam:\n"
        "      driver: default\n"
        "      options: {o: p}\n"
        "      config: [{subnet: 10.9.0.0/24, gateway: 10.9.0.1, ip_range: 10.9.0.0/25,\n"
        "                aux_addresses: {h: 10.9.0.2}}]\n"
        "  unused: {}\n"
        "  out: {external: true, name: shared}\n"
        "volumes:\n"
        "  data: {labels: {com.docker.compose.project: stolen, n: 5}}\n"
        "  other:\n",
        NULL);
    static const struct {
        const char *kind, *key, *engine_name, *body;
    } rows[] = {
        {"network", "front", "the-front",
         "{\"Attachable\":true,\"CheckDuplicate\":true,\"Driver\":\"bridge\",\"EnableIPv6\":false,"
         "\"IPAM\":{\"Config\":[{\"AuxiliaryAddresses\":{\"h\":\"10.9.0.2\"},\"Gateway\":\"10.9.0."
         "1\","
         "\"IPRange\":\"10.9.0.0/25\",\"Subnet\":\"10.9.0.0/"
         "24\"}],\"Driver\":\"default\",\"Options\":{"
         "\"o\":\"p\"}},\"Internal\":true,\"Labels\":{\"a\":\"b\",\"c\":\"\","
         "\"com.docker.compose.network\":\"front\",\"com.docker.compose.project\":\"p\","
         "\"roost.fleet\":\"p\"},\"Name\":\"the-front\",\"Options\":{"
         "\"com.docker.network.bridge.name\":\"br0\",\"mtu\":\"1400\"}}"},
        {"network", "out", "shared", NULL},
        {"volume", "data", "p_data",
         "{\"Driver\":\"local\",\"Labels\":{\"com.docker.compose.project\":\"p\","
         "\"com.docker.compose.volume\":\"data\",\"n\":\"5\",\"roost.fleet\":\"p\"},\"Name\":\"p_"
         "data\"}"},
        {"network", "default", "p_default",
         "{\"CheckDuplicate\":true,\"Driver\":\"bridge\",\"Internal\":false,\"Labels\":{"
         "\"com.docker.compose.network\":\"default\",\"com.docker.compose.project\":\"p\","
         "\"roost.fleet\":\"p\"},\"Name\":\"p_default\"}"},
    };
    assert_int_equal(p->n_resources, ARRAY_LEN(rows));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct compose_resource *r = &p->resources[i];
        ROW("%s %s", rows[i].kind, rows[i].key);
        assert_string_equal(r->kind, rows[i].kind);
        assert_string_equal(r->key, rows[i].key);
        assert_string_equal(r->engine_name, rows[i].engine_name);
        assert_int_equal(r->external, !rows[i].body);
        if (rows[i].body)
            assert_string_equal(r->body, rows[i].body);
        else
            assert_null(r->body);
    }
}

static void the_default_network_can_be_configured(void **state)
{
    _cleanup_project_ struct compose_project *p = fixture_good(
        "services: {a: {image: b}}\nnetworks: {default: {external: true, name: lan}}\n", NULL);
    assert_int_equal(p->n_resources, 1);
    assert_string_equal(p->resources[0].key, "default");
    assert_string_equal(p->resources[0].engine_name, "lan");
}

static void an_external_resource_has_its_own_name(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("services: {a: {image: b, volumes: [\"v:/v\"], network_mode: none}}\n"
                     "volumes: {v: {external: true}}\n",
                     NULL);
    assert_int_equal(p->n_resources, 1);
    assert_string_equal(p->resources[0].engine_name, "v");
}

static void no_network_no_resource(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("services: {a: {image: b, network_mode: none}}\nvolumes:\nnetworks:\n", NULL);
    assert_int_equal(p->n_resources, 0);
}

/* ---- services among each other ---- */

static void dependencies(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("services:\n"
                     "  a: {image: b, depends_on: [b, c]}\n"
                     "  b: {image: b, depends_on: {d: {condition: service_healthy}}}\n"
                     "  c: {image: b, depends_on: {d: , gone: {condition: service_started, "
                     "required: false}}}\n"
                     "  d: {image: b, healthcheck: {test: \"true\"}}\n",
                     NULL);
    assert_int_equal(p->n_services, 4);
}

/* Ten thousand in a row: no recursion may follow them. */
static void a_long_chain_is_no_circle(void **state)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(COMPOSE_FILE_MAX);
    (void)buf_puts(&text, "services:\n");
    for (int i = 0; i < COMPOSE_SERVICES_MAX - 1; i++)
        (void)buf_printf(&text, "  s%d: {image: b, depends_on: [s%d]}\n", i, i + 1);
    (void)buf_printf(&text, "  s%d: {image: b}\n", COMPOSE_SERVICES_MAX - 1);
    _cleanup_project_ struct compose_project *p = fixture_good(buf_text(&text), NULL);
    assert_int_equal(p->n_services, COMPOSE_SERVICES_MAX);
}

static void ports_that_do_not_meet(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("services:\n"
                     "  a: {image: b, ports: [\"127.0.0.1:80:80\"]}\n"
                     "  b: {image: b, ports: [\"127.0.0.2:80:80\"]}\n"
                     "  c: {image: b, ports: [\"80:80/udp\"]}\n"
                     "  d: {image: b, ports: [\"80\", \"[::1]:80:80\"]}\n"
                     "  e: {image: b, ports: [\"8000-8010:80\"]}\n"
                     "  f: {image: b, ports: [\"8000-8010:80\"]}\n",
                     NULL);
    assert_int_equal(p->n_services, 6);
}

static void ports_that_meet(void **state)
{
    static const char *const rows[][2] = {
        {"80:80", "80:81"},         {"0.0.0.0:80:80", "127.0.0.1:80:80"},
        {"80:80", "[::1]:80:80"},   {"[::]:80:80", "[::1]:80:80"},
        {"80:80/udp", "80:80/udp"}, {"70-90:70-90", "80:80"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[256];
        ROW("%s and %s", rows[i][0], rows[i][1]);
        (void)snprintf(text, sizeof(text),
                       "services:\n"
                       "  a: {image: b, ports: [\"%s\"]}\n"
                       "  b: {image: b, ports: [\"%s\"]}\n",
                       rows[i][0], rows[i][1]);
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        assert_int_equal(fixture_load(text, NULL, &p, &err), -EINVAL);
        assert_non_null(strstr(err.text, "service \"b\" publishes the port 80/"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(services_become_rows_in_their_order),
        cmocka_unit_test(spelling_does_not_matter),
        cmocka_unit_test(environments),
        cmocka_unit_test(variables_become_numbers_and_booleans),
        cmocka_unit_test(deploy_says_the_same),
        cmocka_unit_test(paths),
        cmocka_unit_test(home_must_be_known),
        cmocka_unit_test(the_name_of_the_project),
        cmocka_unit_test(warnings),
        cmocka_unit_test(merge_keys),
        cmocka_unit_test(anchors_may_be_set_anew),
        cmocka_unit_test(an_old_end_of_line),
        cmocka_unit_test(a_byte_order_mark_and_crlf),
        cmocka_unit_test(resources),
        cmocka_unit_test(the_default_network_can_be_configured),
        cmocka_unit_test(an_external_resource_has_its_own_name),
        cmocka_unit_test(no_network_no_resource),
        cmocka_unit_test(dependencies),
        cmocka_unit_test(a_long_chain_is_no_circle),
        cmocka_unit_test(ports_that_do_not_meet),
        cmocka_unit_test(ports_that_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
