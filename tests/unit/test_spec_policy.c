/* SPDX-License-Identifier: MIT
 *
 * What hands out the host, by every known way round.
 */
#include "spec_fixture.h"

#include "spec/policy.h"

#define OWN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

struct found {
    char text[1024]; /* "privileged; pid=host" */
};

static int on_found(void *ctx, const char *permission, const char *why)
{
    struct found *f = ctx;
    size_t len = strlen(f->text);
    assert_true(why && why[0]);
    (void)snprintf(f->text + len, sizeof(f->text) - len, "%s%s", len ? "; " : "", permission);
    return 0;
}

static json_t *volume_of(void *ctx, const char *name)
{
    static const struct {
        const char *name, *body;
    } volumes[] = {
        {"demo_plain", "{'Name': 'demo_plain'}"},
        {"demo_bound", "{'DriverOpts': {'type': 'none', 'o': 'bind', 'device': '/etc'}}"},
        {"demo_local", "{'Driver': 'local', 'DriverOpts': {'o': 'ro,rbind', 'device': '//etc/.'}}"},
        {"demo_disk", "{'DriverOpts': {'type': 'ext4', 'device': '/dev/sda1'}}"},
        {"demo_data", "{'DriverOpts': {'o': 'bind', 'device': '/srv/data'}}"},
        {"demo_odd", "{'DriverOpts': {'o': 'bind', 'device': 'etc'}}"},
        {"demo_nfs", "{'DriverOpts': {'type': 'nfs', 'o': 'addr=nas', 'device': ':/export'}}"},
        {"demo_overlay", "{'DriverOpts': {'type': 'overlay', 'device': 'overlay', 'o': "
                         "'lowerdir=/,upperdir=/srv/u,workdir=/srv/w'}}"},
        {"demo_under", "{'DriverOpts': {'type': 'overlay', 'device': '/srv/x', 'o': "
                       "'lowerdir=/rbind/..,upperdir=/srv/u,workdir=/srv/w'}}"},
        {"demo_odd2", "{'DriverOpts': {'type': 'nfs', 'device': 'etc', 'o': 'rbind'}}"},
        {"demo_share",
         "{'DriverOpts': {'type': 'cifs', 'device': '//etc/share', 'o': 'addr=nas'}}"},
        {"demo_proc", "{'DriverOpts': {'type': 'proc', 'device': 'proc'}}"},
        {"demo_dev", "{'Driver': 'local', 'DriverOpts': {'type': 'devtmpfs', 'device': 'x'}}"},
        {"demo_disk2", "{'DriverOpts': {'type': 'ext4', 'device': 'dev/sda1'}}"},
        {"demo_memory", "{'DriverOpts': {'type': 'tmpfs', 'device': 'tmpfs', 'o': 'size=1m'}}"},
        {"demo_other", "{'Driver': 'cloud', 'DriverOpts': {'device': '/etc'}}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(volumes); i++)
        if (strcmp(volumes[i].name, name) == 0)
            return json_loads(json_of(volumes[i].body), 0, NULL);
    return NULL;
}

static json_t *container_of(void *ctx, const char *name)
{
    static const struct {
        const char *name, *body;
    } containers[] = {
        {"demo-plain", "{'HostConfig': {'NetworkMode': 'demo_default'}}"},
        {"demo-host", "{'HostConfig': {'NetworkMode': 'host', 'PidMode': 'host'}}"},
        {"demo-shared", "{'HostConfig': {'IpcMode': 'host'}}"},
        {"demo-next", "{'HostConfig': {'NetworkMode': 'container:demo-host'}}"},
        {"demo-round", "{'HostConfig': {'NetworkMode': 'container:demo-round', 'VolumesFrom': "
                       "['demo-round']}}"},
        {"demo-data", "{'HostConfig': {'Binds': ['/srv/data:/data', 'demo_plain:/x']}}"},
        {"demo-socket", "{'HostConfig': {'Binds': ['/var/run/docker.sock:/s']}}"},
        {"demo-bound", "{'HostConfig': {'Binds': ['demo_bound:/x']}}"},
        {OWN, "{'HostConfig': {}}"},
        {"demo-from", "{'HostConfig': {'VolumesFrom': ['demo-data:ro']}}"},
        {"demo-from2", "{'HostConfig': {'VolumesFrom': ['demo-data', 'demo-socket:ro']}}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(containers); i++)
        if (strcmp(containers[i].name, name) == 0)
            return json_loads(json_of(containers[i].body), 0, NULL);
    return NULL;
}

static bool resolve(void *ctx, const char *path, char ret_real[PATH_MAX], bool *ret_special)
{
    static const struct {
        const char *path, *real;
        bool special;
    } places[] = {
        {"/srv/link", "/etc/shadow", false},
        {"/srv/clock", "/etc/localtime", false},
        {"/srv/socket", "/srv/socket", true},
        {"/etc/localtime", "/usr/share/zoneinfo/UTC", false},
        {"/etc/ssl/certs", "/root/hidden", false},
    };
    for (size_t i = 0; i < ARRAY_LEN(places); i++)
        if (strcmp(places[i].path, path) == 0) {
            (void)snprintf(ret_real, PATH_MAX, "%s", places[i].real);
            *ret_special = places[i].special;
            return true;
        }
    return false;
}

static const char *const private_paths[] = {"/data/docker", "/data/policy.yaml", NULL};
static const struct policy_world world = {.private_paths = private_paths,
                                          .database = "/data/roost.db",
                                          .own_files = "/data/roost.db.files",
                                          .volume = volume_of,
                                          .container = container_of,
                                          .resolve = resolve};

static const struct {
    const char *host, *found;
} rows[] = {
    {"{}", ""},
    {"{'Privileged': false}", ""},
    {"{'Privileged': true}", "privileged"},
    {"{'Privileged': 1}", "privileged"},

    /* namespaces */
    {"{'NetworkMode': 'demo_default', 'IpcMode': 'shareable', 'PidMode': ''}", ""},
    {"{'NetworkMode': 'none'}", ""},
    {"{'NetworkMode': 'host'}", "network_mode=host"},
    {"{'NetworkMode': 'ns:/proc/1/ns/net'}", "network_mode=ns:/proc/1/ns/net"},
    {"{'NetworkMode': 'container:other'}", "network_mode=container:other"},
    {"{'NetworkMode': 'container:demo-plain'}", ""},
    {"{'NetworkMode': 'container:demo-host'}", "network_mode=container:demo-host"},
    {"{'NetworkMode': 'container:" OWN "'}", "network_mode=container:" OWN},
    {"{'IpcMode': 'container:demo-shared'}", "ipc=container:demo-shared"},
    {"{'NetworkMode': 'container:demo-next'}", "network_mode=container:demo-next"},
    {"{'NetworkMode': 'container:demo-round'}", "network_mode=container:demo-round"},
    {"{'PidMode': 'host'}", "pid=host"},
    {"{'PidMode': 'container:demo-host'}", "pid=container:demo-host"},
    {"{'PidMode': 'container:demo-plain'}", ""},
    {"{'PidMode': 'whatever'}", "pid=whatever"},
    {"{'IpcMode': 'host', 'UTSMode': 'host'}", "ipc=host; uts=host"},
    {"{'UsernsMode': 'host', 'CgroupnsMode': 'host'}", "userns_mode=host; cgroup=host"},
    {"{'CgroupnsMode': 'private'}", ""},
    {"{'CgroupParent': '/'}", "cgroup_parent=/"},
    {"{'CgroupParent': ''}", ""},

    /* capabilities, with and without CAP_, in any case */
    {"{'CapAdd': ['NET_BIND_SERVICE', 'CAP_CHOWN', 'cap_net_raw']}", ""},
    {"{'CapAdd': ['SYS_ADMIN']}", "cap_add=SYS_ADMIN"},
    {"{'CapAdd': ['CAP_SYS_ADMIN', 'cap_sys_ptrace', 'all']}",
     "cap_add=CAP_SYS_ADMIN; cap_add=cap_sys_ptrace; cap_add=all"},
    {"{'CapAdd': [7]}", "cap_add=?"},

    /* security options in all their spellings */
    {"{'SecurityOpt': ['no-new-privileges', 'no-new-privileges:true']}", ""},
    {"{'SecurityOpt': ['no-new-privileges:false']}", "security_opt=no-new-privileges:false"},
    {"{'SecurityOpt': ['seccomp=unconfined']}", "security_opt=seccomp=unconfined"},
    {"{'SecurityOpt': ['seccomp:unconfined']}", "security_opt=seccomp:unconfined"},
    {"{'SecurityOpt': ['apparmor=unconfined']}", "security_opt=apparmor=unconfined"},
    {"{'SecurityOpt': ['apparmor:docker-default']}", ""},
    {"{'SecurityOpt': ['label:disable', 'label=disable']}",
     "security_opt=label:disable; security_opt=label=disable"},
    {"{'SecurityOpt': ['systempaths=unconfined']}", "security_opt=systempaths=unconfined"},
    {"{'MaskedPaths': []}", "security_opt=systempaths=unconfined"},
    {"{'ReadonlyPaths': []}", "security_opt=systempaths=unconfined"},

    /* devices, the kernel's settings, others' mounts */
    {"{'Devices': [{'PathOnHost': '/dev/kvm'}]}", "devices=/dev/kvm"},
    {"{'DeviceCgroupRules': ['a *:* rwm']}", "device_cgroup_rules=a *:* rwm"},
    {"{'Sysctls': {'net.core.somaxconn': '1'}}", "sysctls=net.core.somaxconn"},
    {"{'VolumesFrom': ['other:ro']}", "volumes_from=other:ro"},

    /* volumes of the fleet's own, which are followed */
    {"{'VolumesFrom': ['demo-plain', 'demo-data:ro', 'demo-from']}", ""},
    {"{'VolumesFrom': ['demo-data', 'demo-socket']}", "volumes_from=demo-socket"},
    {"{'VolumesFrom': ['demo-bound:ro']}", "volumes_from=demo-bound:ro"},
    {"{'VolumesFrom': ['demo-from2']}", "volumes_from=demo-from2"},
    {"{'VolumesFrom': ['demo-round']}", "volumes_from=demo-round"},
    {"{'VolumesFrom': [7]}", "volumes_from=?"},

    /* folders */
    {"{'Binds': ['/srv/data:/data', 'demo_plain:/x', '/home/a/app:/app:ro,z']}", ""},
    {"{'Binds': ['/:/host:ro']}", "volumes=/"},
    {"{'Binds': ['/etc:/x']}", "volumes=/etc"},
    {"{'Binds': ['//etc/:/x']}", "volumes=//etc/"},
    {"{'Binds': ['/srv/../etc/cron.d:/x']}", "volumes=/srv/../etc/cron.d"},
    {"{'Binds': ['/srv/../../..:/x']}", "volumes=/srv/../../.."},
    {"{'Binds': ['/var:/x']}", "volumes=/var"},
    {"{'Binds': ['/variable:/x', '/etcetera:/y']}", ""},
    {"{'Binds': ['/var/run/docker.sock:/s:ro']}", "volumes=/var/run/docker.sock"},
    {"{'Binds': ['/run:/x:ro', '/root/.ssh:/y:ro', '/boot:/z']}",
     "volumes=/run; volumes=/root/.ssh; volumes=/boot"},
    {"{'Binds': ['/proc:/p:ro', '/sys:/s:ro', '/dev:/d']}",
     "volumes=/proc; volumes=/sys; volumes=/dev"},
    {"{'Binds': ['/srv/link:/x:ro']}", "volumes=/srv/link"},
    {"{'Binds': ['/srv/clock:/x:ro']}", ""},
    {"{'Binds': ['/srv/clock:/x']}", "volumes=/srv/clock"},
    {"{'Binds': ['/srv/socket:/x:ro']}", "volumes=/srv/socket"},
    {"{'Binds': ['/srv/data:/x:rshared']}", "volumes=/srv/data"},
    {"{'Binds': ['/srv/data:/x:ro,shared']}", "volumes=/srv/data"},
    {"{'Binds': ['/srv/data:/x:rslave']}", ""},

    /* to tell the time and to trust: to read only */
    {"{'Binds': ['/etc/localtime:/etc/localtime:ro', '/etc/timezone:/etc/timezone:ro']}", ""},
    {"{'Binds': ['/etc/localtime:/etc/localtime']}", "volumes=/etc/localtime"},
    {"{'Binds': ['/etc/localtime/../shadow:/x:ro']}", "volumes=/etc/localtime/../shadow"},
    {"{'Binds': ['/usr/share/ca-certificates:/x:ro']}", ""},
    {"{'Binds': ['/etc/ssl:/x:ro']}", "volumes=/etc/ssl"},
    {"{'Binds': ['/etc/ssl/certs:/x:ro']}", "volumes=/etc/ssl/certs"}, /* it leads elsewhere */

    /* the engine's and roost's own */
    {"{'Binds': ['/data:/x:ro']}", "volumes=/data"},
    {"{'Binds': ['/data/docker/volumes:/x']}", "volumes=/data/docker/volumes"},
    {"{'Binds': ['/data/roost.db:/x:ro']}", "volumes=/data/roost.db"},
    {"{'Binds': ['/data/roost.db-wal:/x']}", "volumes=/data/roost.db-wal"},
    {"{'Binds': ['/data/roost.db.v1.bak:/x:ro']}", "volumes=/data/roost.db.v1.bak"},
    {"{'Binds': ['/data/policy.yaml:/x']}", "volumes=/data/policy.yaml"},
    {"{'Binds': ['/data/roost.db.files/salt:/x:ro']}", "volumes=/data/roost.db.files/salt"},
    {"{'Binds': ['/data/roost.db.files/" OWN "/..:/x:ro']}",
     "volumes=/data/roost.db.files/" OWN "/.."},
    {"{'Binds': ['/data/roost.db.files/" OWN ":/run/secrets/a:ro']}", ""},
    {"{'Binds': ['/data/roost.db.files/" OWN ":/run/secrets/a']}",
     "volumes=/data/roost.db.files/" OWN ""},
    {"{'Binds': ['/data/roost.db.files:/x:ro']}", "volumes=/data/roost.db.files"},

    /* volumes that are binds */
    {"{'Binds': ['demo_bound:/x']}", "volumes=/etc"},
    {"{'Binds': ['demo_local:/x:ro']}", "volumes=//etc/."},
    {"{'Binds': ['demo_disk:/x']}", "volumes=/dev/sda1"},
    {"{'Binds': ['demo_odd:/x']}", "volumes=demo_odd"},
    {"{'Binds': ['demo_overlay:/x', 'demo_proc:/y', 'demo_dev:/z', 'demo_disk2:/d']}",
     "volumes=demo_overlay; volumes=demo_proc; volumes=demo_dev; volumes=demo_disk2"},
    {"{'Binds': ['demo_under:/x', 'demo_odd2:/y']}", "volumes=demo_under; volumes=demo_odd2"},
    {"{'Binds': ['demo_share:/s', 'demo_data:/x', 'demo_memory:/m', 'demo_nfs:/y', "
     "'demo_other:/z', 'unknown:/u']}",
     ""},

    /* the long form, however it may be sent */
    {"{'Mounts': [{'Type': 'tmpfs'}, {'Type': 'volume', 'Source': 'demo_plain'}]}", ""},
    {"{'Mounts': [{'Type': 'bind', 'Source': '/etc'}]}", "volumes=/etc"},
    {"{'Mounts': [{'Type': 'bind', 'Source': '/etc/timezone', 'ReadOnly': true}]}", ""},
    {"{'Mounts': [{'Type': 'bind', 'Source': '/srv', 'BindOptions': {'Propagation': 'rshared'}}]}",
     "volumes=/srv"},
    {"{'Mounts': [{'Type': 'volume', 'Source': 'v', 'VolumeOptions': {'DriverConfig': {'Name': "
     "'local', 'Options': {'o': 'bind', 'device': '/root'}}}}]}",
     "volumes=/root"},
    {"{'Mounts': [{'Type': 'npipe', 'Source': 'x'}]}", "volumes=x"},
};

static void findings(void **state)
{
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct found found = {0};
        json_t *body = json_object();
        ROW("%s", rows[i].host);
        json_t *host = json_loads(json_of(rows[i].host), 0, NULL);
        assert_non_null(host);
        assert_int_equal(json_object_set_new(body, "HostConfig", host), 0);
        assert_int_equal(policy_check(body, &world, on_found, &found), 0);
        assert_string_equal(found.text, rows[i].found);
        json_decref(body);
    }
}

static void grants(void **state)
{
    static const struct {
        const char *grant, *permission;
        bool covers;
    } table[] = {
        {"*", "privileged", true},
        {"privileged", "privileged", true},
        {"pid=host", "pid=host", true},
        {"pid", "pid=host", true},
        {"volumes=/run/docker.sock", "volumes=/run/docker.sock", true},
        {"volumes", "volumes=/etc", true},
        {"volumes=/etc", "volumes=/etc/shadow", false},
        {"volumes", "volumes_from=x", false},
        {"cap_add=SYS_ADMIN", "cap_add=SYS_PTRACE", false},
        {"pid=host", "pid=host=x", false},
        {"", "pid=host", false},
        {"", "", true},
    };
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        ROW("%s of %s", table[i].grant, table[i].permission);
        assert_int_equal(policy_covers(table[i].grant, table[i].permission), table[i].covers);
    }
}

/* A spec of a row through its request, as it is sent. */
static void from_a_row(void **state)
{
    _cleanup_(spec_freep) struct spec *spec =
        spec_of("{'volumes': ['/srv/../etc:/x', '/etc/localtime:/etc/localtime:ro', 'bound:/y'],"
                "'network_mode': 'host'}");
    _cleanup_(spec_request_close) struct spec_request request = {0};
    struct spec_context context = context_of(LIFECYCLE_HOT);
    struct found found = {0};
    assert_int_equal(spec_request(spec, &context, &request, NULL), 0);
    assert_int_equal(policy_check(request.body, &world, on_found, &found), 0);
    assert_string_equal(found.text, "network_mode=host; volumes=/etc; volumes=/etc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(findings),
        cmocka_unit_test(grants),
        cmocka_unit_test(from_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
