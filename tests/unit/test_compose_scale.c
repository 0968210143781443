/* SPDX-License-Identifier: MIT
 *
 * Services of several agents.
 */
#include "compose_fixture.h"

static const char *const env[] = {"N=2", "EMPTY=", "X=x", NULL};

static void names_of_agents(void **state)
{
    static const struct {
        const char *keys, *names;
    } rows[] = {
        {"hostname: a", "web other "},
        {"scale: 1", "web other "},
        {"scale: 3", "web-1 web-2 web-3 other "},
        {"scale: $N", "web-1 web-2 other "},
        {"scale: \"0\"", "other "},
        {"scale: ", "web other "},
        {"deploy: {replicas: 2, mode: replicated}", "web-1 web-2 other "},
        {"deploy: {replicas: 2}\n    scale: 2", "web-1 web-2 other "},
        {"deploy: {}", "web other "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        char text[256], names[256] = "";
        ROW("%s", rows[i].keys);
        (void)snprintf(text, sizeof(text),
                       "services:\n  web:\n    image: busybox\n    %s\n  other: {image: busybox}\n",
                       rows[i].keys);
        _cleanup_project_ struct compose_project *p = fixture_good(text, env);
        for (size_t k = 0; k < p->n_services; k++) {
            (void)strcat(names, p->services[k].name);
            (void)strcat(names, " ");
        }
        assert_string_equal(names, rows[i].names);
    }
}

static void assert_specs(const char *text, const char *const *specs)
{
    _cleanup_project_ struct compose_project *p = fixture_good(text, env);
    for (size_t i = 0; i < p->n_services; i++, specs++) {
        ROW("%s", p->services[i].name);
        assert_string_equal(p->services[i].spec, *specs);
    }
    assert_null(*specs);
}

static void all_have_the_alias_of_the_service(void **state)
{
#define IN(net) "{\"networks\":{\"" net "\":{\"aliases\":[\"a\"]}}}"
    assert_specs("services: {a: {image: busybox, scale: 2}}",
                 (const char *[]){IN("default"), IN("default"), NULL});
    assert_specs("services: {a: {image: busybox, scale: 2, networks: [n]}}\nnetworks: {n: }",
                 (const char *[]){IN("n"), IN("n"), NULL});
    static const char *const both =
        "{\"networks\":{\"m\":{\"aliases\":[\"a\"]},\"n\":{\"aliases\":[\"a\",\"x\"]}}}";
    assert_specs("services: {a: {image: busybox, scale: 2, networks: {n: {aliases: [x]}, m: }}}\n"
                 "networks: {n: , m: }",
                 (const char *[]){both, both, NULL});
    assert_specs(
        "services: {a: {image: busybox, scale: 2, network_mode: none}}",
        (const char *[]){"{\"network_mode\":\"none\"}", "{\"network_mode\":\"none\"}", NULL});
}

static void dependencies_are_on_each(void **state)
{
#define STARTED(name) "\"" name "\":{\"condition\":\"service_started\"}"
#define HEALTHY(name) "\"" name "\":{\"condition\":\"service_healthy\",\"restart\":true}"
    assert_specs("services: {a: {image: busybox, depends_on: [b, c, d]}, b: {image: busybox, "
                 "scale: 2, network_mode: none}, c: {image: busybox}, d: {image: busybox, scale: "
                 "0}}",
                 (const char *[]){
                     "{\"depends_on\":{" STARTED("b-1") "," STARTED("b-2") "," STARTED("c") "}}",
                     "{\"network_mode\":\"none\"}", "{\"network_mode\":\"none\"}", "{}", NULL});
    assert_specs("services: {a: {image: busybox, depends_on: {b: {condition: service_healthy, "
                 "restart: true}}}, b: {image: busybox, scale: 2, network_mode: none}}",
                 (const char *[]){"{\"depends_on\":{" HEALTHY("b-1") "," HEALTHY("b-2") "}}",
                                  "{\"network_mode\":\"none\"}", "{\"network_mode\":\"none\"}",
                                  NULL});
}

static void what_only_one_can_have(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"services: {a: {image: busybox, scale: 2, container_name: one}}",
         "compose.yaml:1:42: service \"a\" is scaled, and only one container can have this name; "
         "remove it"},
        {"services: {a: {image: busybox, scale: 2, ports: [\"8080:80\"]}}",
         "compose.yaml:1:50: the agents \"a-1\" and \"a-2\" would both publish the port 8080/tcp "
         "of the host; publish a range as large as the scale, or the container's port alone"},
        {"services: {a: {image: busybox, network_mode: \"service:b\"}, b: {image: busybox, scale: "
         "2}}",
         "compose.yaml:1:32: network_mode: the service is scaled to 2, so there is no one "
         "container to share with"},
        {"services: {a: {image: busybox, volumes_from: [\"b:ro\"]}, b: {image: busybox, scale: 2}}",
         "compose.yaml:1:32: volumes_from: the service \"b\" is scaled to 2, and one container is "
         "meant"},
        {"services: {a: {image: busybox, scale: 2}, a-2: {image: busybox}}",
         "compose.yaml:1:43: two agents would be called \"a-2\": a service of that name, and one "
         "of a service that is scaled; rename one service"},
        {"services: {a: {image: busybox, scale: -1}}",
         "compose.yaml:1:39: scale must be a number from 0 to 10000"},
        {"services: {a: {image: busybox, scale: $X}}",
         "compose.yaml:1:39: scale must be a number from 0 to 10000"},
        {"services: {a: {image: busybox, scale: 10001}}",
         "compose.yaml:1:39: scale must be a number from 0 to 10000"},
        {"services: {a: {image: busybox, scale: 6000}, b: {image: busybox, scale: 6000}}",
         "compose.yaml:1:46: more than 10000 services, with what is scaled; use fewer"},
        {"services: {a: {image: busybox, scale: 2, deploy: {replicas: 3}}}",
         "compose.yaml:1:51: replicas and scale differ; remove one of them"},
        {"services: {a: {image: busybox, deploy: {mode: global}}}",
         "compose.yaml:1:47: one engine has no mode \"global\"; remove it, and write \"scale: N\" "
         "for more than one"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_project_ struct compose_project *p = NULL;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].text);
        assert_int_equal(fixture_load(rows[i].text, env, &p, &err), -EINVAL);
        assert_string_equal(err.text, rows[i].message);
    }
}

static void a_range_of_ports_is_shared(void **state)
{
    _cleanup_project_ struct compose_project *p =
        fixture_good("services: {a: {image: busybox, scale: 3, ports: [\"8080-8082:80\"]}}", NULL);
    assert_int_equal(p->n_services, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_agents),
        cmocka_unit_test(all_have_the_alias_of_the_service),
        cmocka_unit_test(dependencies_are_on_each),
        cmocka_unit_test(what_only_one_can_have),
        cmocka_unit_test(a_range_of_ports_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
