/* SPDX-License-Identifier: MIT */
#include "spec/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "spec/policy_paths.h"

/* service:a of service:b of …; a circle ends too. */
#define FOLLOW_MAX 16

#define ID_DIGITS 64

struct check {
    const json_t *host; /* HostConfig */
    const struct policy_world *world;
    policy_fn *found;
    void *ctx;
};

static int tell(const struct check *c, const char *key, const char *value, const char *why)
{
    char permission[POLICY_PERMISSION_SIZE];
    (void)snprintf(permission, sizeof(permission), "%s%s%s", key, value ? "=" : "",
                   value ? value : "");
    return c->found(c->ctx, permission, why);
}

/* Each text of a list, or key of a map. */
static int tell_all(const struct check *c, const char *field, const char *key, const char *why)
{
    const json_t *values = json_object_get(c->host, field);
    const char *name;
    json_t *value;
    size_t i;
    int r = 0;
    json_array_foreach (values, i, value) {
        const char *path = json_string_value(json_object_get(value, "PathOnHost"));
        const char *text = path ? path : json_string_value(value);
        if (r == 0)
            r = tell(c, key, text ? text : "?", why);
    }
    json_object_foreach ((json_t *)values, name, value)
        if (r == 0)
            r = tell(c, key, name, why);
    return r;
}

/* The body of a container of this fleet, or NULL. To the engine a whole id counts before a name
 * that is written like one. */
static json_t *follow(const struct check *c, const char *name)
{
    bool is_id = strlen(name) == ID_DIGITS && strspn(name, "0123456789abcdef") == ID_DIGITS;
    return c->world->container && !is_id ? c->world->container(c->world->ctx, name) : NULL;
}

/* namespaces ----------------------------------------------------------------------------------- */

static const struct namespace_rule {
    const char *field, *key;
    bool names; /* any other word is the name of a network */
    const char *plain[5];
} namespaces[] = {
    {"NetworkMode", "network_mode", true, {NULL}},
    {"PidMode", "pid", false, {"", "private"}},
    {"IpcMode", "ipc", false, {"", "private", "shareable", "none"}},
    {"UTSMode", "uts", false, {"", "private"}},
    {"UsernsMode", "userns_mode", false, {"", "private"}},
    {"CgroupnsMode", "cgroup", false, {"", "private"}},
};

static bool is_plain_mode(const struct namespace_rule *rule, const char *mode)
{
    if (rule->names)
        return strcmp(mode, "host") != 0 && strncmp(mode, "ns:", 3) != 0;
    for (size_t i = 0; i < ARRAY_LEN(rule->plain) && rule->plain[i]; i++)
        if (strcmp(mode, rule->plain[i]) == 0)
            return true;
    return false;
}

/* NULL: it is fine. `mode` is borrowed from the body or one that is followed. */
static const char *judge_mode(const struct check *c, const struct namespace_rule *rule,
                              const char *mode, unsigned depth)
{
    static const char container[] = "container:";
    if (strncmp(mode, container, sizeof(container) - 1) != 0)
        return is_plain_mode(rule, mode) ? NULL : "a namespace of the host";
    if (depth == FOLLOW_MAX)
        return "it leads through too many containers";
    json_t *body = follow(c, mode + sizeof(container) - 1);
    if (!body)
        return "a namespace of a container that is none of this fleet's";
    const char *next =
        json_string_value(json_object_get(json_object_get(body, "HostConfig"), rule->field));
    const char *why = judge_mode(c, rule, next ? next : "", depth + 1);
    json_decref(body);
    return why;
}

static int check_namespaces(const struct check *c)
{
    for (size_t i = 0; i < ARRAY_LEN(namespaces); i++) {
        const char *mode = json_string_value(json_object_get(c->host, namespaces[i].field));
        const char *why = mode ? judge_mode(c, &namespaces[i], mode, 0) : NULL;
        int r = why ? tell(c, namespaces[i].key, mode, why) : 0;
        if (r != 0)
            return r;
    }
    return 0;
}

/* capabilities and security ----------------------------------------------------------------------
 */

/* What the engine gives to every container. */
static bool is_default_capability(const char *name)
{
    static const char *const defaults[] = {
        "AUDIT_WRITE", "CHOWN",   "DAC_OVERRIDE", "FOWNER",           "FSETID",
        "KILL",        "MKNOD",   "NET_RAW",      "NET_BIND_SERVICE", "SETFCAP",
        "SETGID",      "SETPCAP", "SETUID",       "SYS_CHROOT",
    };
    if (strncasecmp(name, "CAP_", 4) == 0)
        name += 4;
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++)
        if (strcasecmp(name, defaults[i]) == 0)
            return true;
    return false;
}

static int check_capabilities(const struct check *c)
{
    size_t i;
    json_t *value;
    json_array_foreach (json_object_get(c->host, "CapAdd"), i, value) {
        const char *name = json_string_value(value);
        if (name && is_default_capability(name))
            continue;
        int r = tell(c, "cap_add", name ? name : "?", "a capability beyond the engine's default");
        if (r != 0)
            return r;
    }
    return 0;
}

/* Only what is known to take nothing away: "seccomp:unconfined", "label=disable", a profile of
 * one's own and whatever an engine may learn are all refused. */
static bool is_harmless_option(const char *option)
{
    static const char *const harmless[] = {
        "no-new-privileges", "no-new-privileges=true",  "no-new-privileges:true",
        "seccomp=builtin",   "apparmor=docker-default", "apparmor:docker-default",
    };
    for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
        if (strcmp(option, harmless[i]) == 0)
            return true;
    return false;
}

static int check_security(const struct check *c)
{
    size_t i;
    json_t *value;
    int r = 0;
    json_array_foreach (json_object_get(c->host, "SecurityOpt"), i, value) {
        const char *option = json_string_value(value);
        char shown[200]; /* a profile stands in it whole */
        (void)snprintf(shown, sizeof(shown), "%s", option ? option : "?");
        if (r == 0 && !(option && is_harmless_option(option)))
            r = tell(c, "security_opt", shown, "it weakens the container's confinement");
    }
    /* How systempaths=unconfined is sent. */
    if (r == 0 &&
        (json_object_get(c->host, "MaskedPaths") || json_object_get(c->host, "ReadonlyPaths")))
        r = tell(c, "security_opt", "systempaths=unconfined",
                 "it opens the kernel's files in /proc and /sys");
    return r;
}

/* mounts -----------------------------------------------------------------------------------------
 */

static int check_path(const struct check *c, const char *path, bool read_only)
{
    const char *why = policy_path_judge(c->world, path, read_only);
    return why ? tell(c, "volumes", path, why) : 0;
}

static bool has_word(const char *list, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = list; *p != '\0'; p += strcspn(p, ","), p += *p == ',')
        if (strcspn(p, ",") == len && memcmp(p, word, len) == 0)
            return true;
    return false;
}

/* Of these a device is elsewhere, or nowhere. */
static bool is_remote_type(const char *type)
{
    static const char *const remote[] = {"tmpfs", "nfs", "nfs4", "cifs", "smb3"};
    for (size_t i = 0; i < ARRAY_LEN(remote); i++)
        if (strcmp(type, remote[i]) == 0)
            return true;
    return false;
}

/* Options of the `local` driver are those of mount(8): with o=bind a volume is a bind, its device
 * may be a disk, and its type one that shows the host: overlay, proc, devtmpfs. */
static int check_driver(const struct check *c, const char *name, const char *driver,
                        const json_t *options)
{
    const char *device = json_string_value(json_object_get(options, "device"));
    const char *o = json_string_value(json_object_get(options, "o"));
    const char *type = json_string_value(json_object_get(options, "type"));
    bool binds = o && (has_word(o, "bind") || has_word(o, "rbind"));
    bool remote = type && is_remote_type(type) && !binds;
    if ((driver && driver[0] && strcmp(driver, "local") != 0) || !options || remote)
        return 0;
    const char *why =
        device && device[0] == '/' ? policy_path_judge(c->world, device, false) : NULL;
    if (why)
        return tell(c, "volumes", device, why);
    if (binds && !(device && device[0] == '/'))
        return tell(c, "volumes", name, "a volume that is a bind of an unknown folder");
    if (!binds && type && type[0])
        return tell(c, "volumes", name, "a volume of a file system of the host");
    return 0;
}

static int check_volume(const struct check *c, const char *name)
{
    json_t *body = c->world->volume ? c->world->volume(c->world->ctx, name) : NULL;
    int r = check_driver(c, name, json_string_value(json_object_get(body, "Driver")),
                         json_object_get(body, "DriverOpts"));
    json_decref(body);
    return r;
}

/* "source:destination[:options]" */
static int check_bind(const struct check *c, const char *bind)
{
    char source[PATH_MAX];
    size_t len = strcspn(bind, ":");
    const char *rest = bind[len] == ':' ? strchr(bind + len + 1, ':') : NULL;
    const char *options = rest ? rest + 1 : "";
    if (len >= sizeof(source))
        return tell(c, "volumes", "?", "too long a path");
    (void)snprintf(source, sizeof(source), "%.*s", (int)len, bind);
    if (source[0] != '/')
        return check_volume(c, source);
    if (has_word(options, "shared") || has_word(options, "rshared"))
        return tell(c, "volumes", source, "mounts made in it reach the host");
    return check_path(c, source, has_word(options, "ro"));
}

static int check_mount(const struct check *c, const json_t *mount)
{
    const char *type = json_string_value(json_object_get(mount, "Type"));
    const char *source = json_string_value(json_object_get(mount, "Source"));
    const json_t *driver = json_object_get(json_object_get(mount, "VolumeOptions"), "DriverConfig");
    const char *propagation =
        json_string_value(json_object_get(json_object_get(mount, "BindOptions"), "Propagation"));
    if (!type || strcmp(type, "tmpfs") == 0)
        return 0;
    if (strcmp(type, "volume") == 0) {
        int r = check_driver(c, source ? source : "?",
                             json_string_value(json_object_get(driver, "Name")),
                             json_object_get(driver, "Options"));
        return r == 0 && source ? check_volume(c, source) : r;
    }
    if (strcmp(type, "bind") != 0 || !source)
        return tell(c, "volumes", source ? source : "?", "an unknown type of mount");
    if (propagation && strstr(propagation, "shared"))
        return tell(c, "volumes", source, "mounts made in it reach the host");
    return check_path(c, source, json_is_true(json_object_get(mount, "ReadOnly")));
}

static int check_mounts(const struct check *c)
{
    size_t i;
    json_t *value;
    int r = 0;
    json_array_foreach (json_object_get(c->host, "Binds"), i, value) {
        const char *bind = json_string_value(value);
        if (r == 0)
            r = bind ? check_bind(c, bind) : tell(c, "volumes", "?", "no text");
    }
    json_array_foreach (json_object_get(c->host, "Mounts"), i, value)
        if (r == 0)
            r = check_mount(c, value);
    return r;
}

/* volumes of other containers -------------------------------------------------------------------
 */

static int on_any(void *ctx, const char *permission, const char *why)
{
    return 1;
}

static int check_volumes_from(const struct check *c, unsigned depth);

/* Whoever has the volumes of another has all that is mounted there. */
static const char *judge_volumes_from(const struct check *c, const char *entry, unsigned depth)
{
    char name[256];
    if (depth == FOLLOW_MAX)
        return "it leads through too many containers";
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(entry, ":"), entry);
    json_t *body = follow(c, name);
    if (!body)
        return "mounts of a container that is none of this fleet's";
    const struct check its = {json_object_get(body, "HostConfig"), c->world, on_any, NULL};
    bool found = check_mounts(&its) != 0 || check_volumes_from(&its, depth + 1) != 0;
    json_decref(body);
    return found ? "it has mounts that would hand out the host themselves" : NULL;
}

static int check_volumes_from(const struct check *c, unsigned depth)
{
    size_t i;
    json_t *value;
    json_array_foreach (json_object_get(c->host, "VolumesFrom"), i, value) {
        const char *entry = json_string_value(value);
        const char *why = entry ? judge_volumes_from(c, entry, depth) : "no text";
        int r = why ? tell(c, "volumes_from", entry ? entry : "?", why) : 0;
        if (r != 0)
            return r;
    }
    return 0;
}

/* all of it --------------------------------------------------------------------------------------
 */

static int check_privileged(const struct check *c)
{
    const json_t *value = json_object_get(c->host, "Privileged");
    return value && !json_is_false(value)
               ? tell(c, "privileged", NULL, "it gives the container the whole host")
               : 0;
}

static int check_cgroup_parent(const struct check *c)
{
    const char *parent = json_string_value(json_object_get(c->host, "CgroupParent"));
    return parent && parent[0]
               ? tell(c, "cgroup_parent", parent, "it leaves the engine's own control group")
               : 0;
}

int policy_check(const json_t *body, const struct policy_world *world, policy_fn *found, void *ctx)
{
    const struct check c = {json_object_get(body, "HostConfig"), world, found, ctx};
    int r = check_privileged(&c);
    if (r == 0)
        r = check_namespaces(&c);
    if (r == 0)
        r = check_capabilities(&c);
    if (r == 0)
        r = check_security(&c);
    if (r == 0)
        r = tell_all(&c, "Devices", "devices", "a device of the host");
    if (r == 0)
        r = tell_all(&c, "DeviceCgroupRules", "device_cgroup_rules", "devices of the host");
    if (r == 0)
        r = tell_all(&c, "Sysctls", "sysctls", "a setting of the kernel");
    if (r == 0)
        r = check_volumes_from(&c, 0);
    if (r == 0)
        r = check_cgroup_parent(&c);
    return r == 0 ? check_mounts(&c) : r;
}

bool policy_covers(const char *grant, const char *permission)
{
    size_t len = strlen(grant);
    if (strcmp(grant, "*") == 0 || strcmp(grant, permission) == 0)
        return true;
    return !strchr(grant, '=') && strncmp(permission, grant, len) == 0 && permission[len] == '=';
}
