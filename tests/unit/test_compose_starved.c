/* SPDX-License-Identifier: MIT
 *
 * Loading without memory: the n-th allocation of a rich file fails, for each n in turn. Either
 * there is an error and nothing else, or the rows are what they should be: never half of them.
 */
#include "compose_fixture.h"

#include <stdarg.h>

static bool counting;
static unsigned long counted, fail_at;

static bool fails(void)
{
    return counting && ++counted == fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t n);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t n);
int __wrap_asprintf(char **ret, const char *fmt, ...) _printf_(2, 3);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *text)
{
    return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t n)
{
    return fails() ? NULL : __real_strndup(text, n);
}

int __wrap_asprintf(char **ret, const char *fmt, ...)
{
    if (fails()) {
        *ret = NULL;
        return -1;
    }
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(ret, fmt, ap);
    va_end(ap);
    return n;
}

/* Two calls of jansson 2.14 do not survive a failed allocation and are left out: its parser asserts
 * or reads what it has freed, and its printer may drop a key. */
json_t *__real_json_loads(const char *input, size_t flags, json_error_t *error);
char *__real_json_dumps(const json_t *json, size_t flags);
json_t *__wrap_json_loads(const char *input, size_t flags, json_error_t *error);
char *__wrap_json_dumps(const json_t *json, size_t flags);

json_t *__wrap_json_loads(const char *input, size_t flags, json_error_t *error)
{
    bool was = counting;
    counting = false;
    json_t *json = __real_json_loads(input, flags, error);
    counting = was;
    return json;
}

char *__wrap_json_dumps(const json_t *json, size_t flags)
{
    bool was = counting;
    counting = false;
    char *text = __real_json_dumps(json, flags);
    counting = was;
    return text;
}

static const char *const rich =
    "version: \"3\"\n"
    "name: ${NAME:-rich}\n"
    "x-base: &base\n"
    "  image: &image busybox\n"
    "  init: ${INIT}\n"
    "  environment: {A: $A, B: , C: 022}\n"
    "  labels: [a=b, c=$UNSET]\n"
    "services:\n"
    "  web:\n"
    "    <<: [*base]\n"
    "    env_file: [a.env, {path: gone.env, required: false}]\n"
    "    ports: [\"127.0.0.1:8080:80\", \"53:53/udp\"]\n"
    "    volumes: [\"data:/d\", \"./x:/x\", \"~/y:/y\", {type: bind, source: ./z, target: /z}]\n"
    "    networks: [front]\n"
    "    depends_on: [db]\n"
    "    container_name: web\n"
    "  db:\n"
    "    image: *image\n"
    "    environment: [A, D=$A]\n"
    "    ports: [\"127.0.0.2:8080:80\"]\n"
    "    x-roost: {lifecycle: lazy, idle_timeout: 5m, ready: {tcp: 80}}\n"
    "networks:\n"
    "  front: {driver_opts: {mtu: 1400}, labels: [a=b], internal: true,\n"
    "          ipam: {config: [{subnet: 10.0.0.0/24, aux_addresses: {h: 10.0.0.2}}]}}\n"
    "  unused:\n"
    "volumes:\n"
    "  data: {labels: {a: b}, name: the-data}\n";

/* Laid over it. */
static const char *const over =
    "include:\n"
    "  - part.yaml\n"
    "  - {path: [part.yaml, more.yaml], env_file: a.env}\n"
    "services:\n"
    "  web:\n"
    "    environment: [A=over, \"${N:-X}=y\"]\n"
    "    env_file: {path: a.env, format: raw}\n"
    "    ports: [\"53:53/udp\", {target: 81, published: 8081}]\n"
    "    volumes: [\"./other:/x\"]\n"
    "    networks: {front: {aliases: [w]}}\n"
    "    depends_on: {migrate: {condition: service_completed_successfully}, many: }\n"
    "    secrets: [{source: s, mode: 0400}, f]\n"
    "    configs: [c]\n"
    "  db: {ports: !reset [], tmpfs: /run, extends: {file: part.yaml, service: base}}\n"
    "  migrate: {extends: base, restart: \"on-failure\"}\n"
    "  base: {image: busybox, tmpfs: [/tmp], labels: {x: !reset }}\n"
    "  many: {extends: base, scale: 2, tmpfs: !override [/run]}\n"
    "  tool: {image: busybox, profiles: [tools, more]}\n"
    "secrets: {s: {environment: A}, f: {file: a.env}}\n"
    "configs: {c: {content: \"x=$A\"}}\n";

static const char *const env[] = {"A=one", "B=two", "INIT=true", "HOME=/home/op", NULL};

static int load(const char *folder, struct compose_project **ret, struct error *err)
{
    struct compose_options options = {.env = fixture_env, .env_ctx = (void *)env};
    const struct compose_text texts[] = {
        {rich, strlen(rich), "/srv/compose.yaml", "compose.yaml", folder},
        {over, strlen(over), "/srv/over.yaml", "over.yaml", folder},
    };
    counting = true;
    counted = 0;
    int r = compose_load_texts(&options, texts, ARRAY_LEN(texts), ret, err);
    counting = false;
    return r;
}

static void assert_same(const struct compose_project *a, const struct compose_project *b)
{
    assert_string_equal(a->name, b->name);
    assert_int_equal(a->n_services, b->n_services);
    assert_int_equal(a->n_resources, b->n_resources);
    assert_int_equal(a->n_warnings, b->n_warnings);
    for (size_t i = 0; i < a->n_services; i++) {
        assert_string_equal(a->services[i].image, b->services[i].image);
        assert_string_equal(a->services[i].spec, b->services[i].spec);
    }
    for (size_t i = 0; i < a->n_resources; i++)
        assert_string_equal(a->resources[i].body, b->resources[i].body);
    assert_int_equal(a->n_files, b->n_files);
    for (size_t i = 0; i < a->n_files; i++)
        assert_string_equal(a->files[i].path, b->files[i].path);
    for (size_t i = 0; i < a->n_warnings; i++)
        assert_string_equal(a->warnings[i], b->warnings[i]);
}

static void each_allocation_fails_once(void **state)
{
    char folder[64];
    unsigned long n_failed = 0;
    fixture_folder(folder);
    fixture_write(folder, ".env", "E=\"$A\"\n");
    fixture_write(folder, "a.env", "F=$E\nB=under\nG\n");
    fixture_write(folder, "part.yaml",
                  "services: {base: {image: busybox, user: $A}, part: {image: busybox}}\n");
    fixture_write(folder, "more.yaml", "services: {part: {env_file: a.env}}\n");
    _cleanup_project_ struct compose_project *whole = NULL;
    fail_at = 0;
    struct error none = ERROR_INIT;
    if (load(folder, &whole, &none) < 0)
        fail_msg("%s", none.text);
    const unsigned long n = counted;
    assert_true(n > 500);
    for (fail_at = 1; fail_at <= n; fail_at++) {
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        int r = load(folder, &p, &err);
        if (r == 0) {
            assert_same(p, whole);
            continue;
        }
        n_failed++;
        assert_null(p);
        if (r != -ENOMEM || strcmp(err.text, "out of memory") != 0)
            fail_msg("allocation %lu: %d, %s", fail_at, r, err.text);
    }
    assert_true(n_failed > n / 2);
    fixture_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_fails_once),
    };
    json_set_alloc_funcs(__wrap_malloc, free);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
