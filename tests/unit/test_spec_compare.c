/* SPDX-License-Identifier: MIT */
#include "spec_fixture.h"

static void images(void **state)
{
    static const struct {
        const char *wanted, *seen;
        bool differs, differs_following;
    } rows[] = {
        {"busybox", "busybox", false, false},
        {"busybox", "busybox:latest", false, false},
        {"busybox:latest", "busybox", false, false},
        {"busybox", "docker.io/library/busybox:latest", false, false},
        {"busybox:1", "localhost/busybox:1", false, false},
        {"a/b", "docker.io/a/b:latest", false, false},
        {"busybox", "busybox:1", true, true},
        {"busybox", "busyboxx", true, true},
        {"busybox:1", "busybox:2", true, true},
        {"r.example/busybox", "busybox", true, true},
        {"busybox@sha256:aa", "busybox", true, true},
        /* The tag has moved on: only who follows it minds. */
        {"busybox", "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         false, true},
        {"busybox", "0123456789ab", false, true},
        {"busybox", "0123456789a", true, true},
        {"busybox", "0123456789ag", true, true},
        {"sha256:0123", "sha256:0123", false, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        for (int follow = 0; follow <= 1; follow++) {
            struct spec *spec = NULL;
            static const char *const networks[] = {"demo_default"};
            struct spec_seen seen = {.image = rows[i].seen,
                                     .network_mode = "demo_default",
                                     .networks = networks,
                                     .n_networks = 1};
            struct spec_context context = context_of(LIFECYCLE_HOT);
            bool differs = follow ? rows[i].differs_following : rows[i].differs;
            ROW("%s %s follow %d", rows[i].wanted, rows[i].seen, follow);
            assert_int_equal(
                spec_parse(json_of(follow ? "{'x-roost': {'follow_image': true}}" : "{}"),
                           rows[i].wanted, &spec, NULL),
                0);
            assert_int_equal(spec_compare(spec, &context, &seen), differs ? SPEC_DIFFERS_IMAGE : 0);
            spec_free(spec);
        }
    }
}

static const char *engine_name(void *ctx, const char *kind, const char *key)
{
    return strcmp(key, "ext") == 0 ? strcmp(kind, "network") == 0 ? "outer-net" : "outer-vol"
                                   : NULL;
}

static void networks(void **state)
{
    static const struct {
        const char *json, *seen; /* separated by blanks */
        bool differs;
    } rows[] = {
        {"{}", "demo_default", false},
        {"{}", "demo_default2", true},
        {"{}", "demo-default", true},
        {"{}", "dem_default", true},
        {"{}", "", true},
        {"{}", "demo_default more", true},
        {"{'networks': ['b', 'a']}", "demo_b demo_a", false},
        {"{'networks': ['b', 'a']}", "demo_a demo_b", false},
        {"{'networks': ['b', 'a']}", "demo_a", true},
        {"{'networks': ['b', 'a']}", "demo_a demo_c", true},
        {"{'networks': {'b': {'aliases': ['x']}}}", "demo_b", false},
        {"{'networks': ['ext']}", "outer-net", false},
        {"{'networks': ['ext']}", "demo_ext", true},
        {"{'network_mode': 'host'}", "host", false},
        {"{'network_mode': 'host'}", "", false}, /* Podman */
        {"{'network_mode': 'host'}", "bridge", true},
        {"{'network_mode': 'none'}", "none", false},
        {"{'network_mode': 'none'}", "demo_default", true},
        {"{'network_mode': 'bridge'}", "bridge", false},
        {"{'network_mode': 'bridge'}", "podman", false},
        {"{'network_mode': 'bridge'}", "", true},
        {"{'network_mode': 'bridge'}", "bridge demo_default", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s %s", rows[i].json, rows[i].seen);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
        struct spec_context context = context_of(LIFECYCLE_HOT);
        char text[128], *rest = text;
        const char *names[4];
        struct spec_seen seen = {.image = "busybox", .network_mode = "default", .networks = names};
        context.resource_name = engine_name;
        (void)snprintf(text, sizeof(text), "%s", rows[i].seen);
        for (char *name; (name = strsep(&rest, " "));)
            if (name[0])
                names[seen.n_networks++] = name;
        assert_int_equal(spec_compare(spec, &context, &seen),
                         rows[i].differs ? SPEC_DIFFERS_NETWORKS : 0);
    }
}

static void mounts(void **state)
{
    static const struct spec_seen_mount all[] = {
        {"volume", "demo_data", "/var/lib/docker/volumes/demo_data/_data", "/data", false},
        {"volume", "0123", "", "/anon", false},
        {"bind", "", "/srv/x", "/x", true},
        {"volume", "outer-vol", "", "/ext", false},
        {"volume", "4567", "", "/image", false},
    };
    static const struct {
        const char *json;
        bool differs;
    } rows[] = {
        {"{}", false},
        {"{'volumes': ['data:/data']}", false},
        {"{'volumes': ['data:/data:z']}", false},
        {"{'volumes': ['data:/data', '/anon', '/srv/x:/x:Z,ro', 'ext:/ext']}", false},
        {"{'tmpfs': '/not-listed'}", false},
        {"{'volumes': ['data:/other']}", true},
        {"{'volumes': ['other:/data']}", true},
        {"{'volumes': ['data:/data:ro']}", true},
        {"{'volumes': ['/srv/x:/x']}", true},
        {"{'volumes': ['/srv/y:/x:ro']}", true},
        {"{'volumes': ['/data:/data']}", true},
        {"{'volumes': ['x:/x:ro']}", true},
        {"{'volumes': ['/x']}", true},
        {"{'volumes': ['/y']}", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].json);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
        struct spec_context context = context_of(LIFECYCLE_HOT);
        static const char *const names[] = {"demo_default"};
        struct spec_seen seen = {.image = "busybox",
                                 .network_mode = "demo_default",
                                 .networks = names,
                                 .n_networks = 1,
                                 .mounts = all,
                                 .n_mounts = ARRAY_LEN(all)};
        context.resource_name = engine_name;
        assert_int_equal(spec_compare(spec, &context, &seen),
                         rows[i].differs ? SPEC_DIFFERS_MOUNTS : 0);
    }
}

static void everything_at_once(void **state)
{
    _cleanup_(spec_freep) struct spec *spec = spec_of("{'volumes': ['/a']}");
    struct spec_context context = context_of(LIFECYCLE_HOT);
    struct spec_seen seen = {.image = "other", .network_mode = "host"};
    assert_int_equal(spec_compare(spec, &context, &seen),
                     SPEC_DIFFERS_IMAGE | SPEC_DIFFERS_NETWORKS | SPEC_DIFFERS_MOUNTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(images),
        cmocka_unit_test(networks),
        cmocka_unit_test(mounts),
        cmocka_unit_test(everything_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
