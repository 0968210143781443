/* SPDX-License-Identifier: MIT */
#include "spec/policy_paths.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"
#include "spec/mounts.h"

/* Each with all that is below it; and nothing that contains one of them. */
static const char *const system_paths[] = {
    "/bin",
    "/boot",
    "/dev",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/proc",
    "/root",
    "/run",
    "/sbin",
    "/sys",
    "/usr",
    "/var/run",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/kubelet",
    "/var/spool/cron",
};

/* What containers are given to tell the time and to trust the same authorities; to read only. */
static const char *const harmless_paths[] = {
    "/etc/localtime",
    "/etc/timezone",
    "/etc/ssl/certs",
    "/etc/ca-certificates",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/usr/share/zoneinfo",
};

static bool is_within(const char *path, const char *folder)
{
    size_t len = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return true;
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

static bool touches(const char *path, const char *guarded)
{
    return is_within(path, guarded) || is_within(guarded, path);
}

static bool is_harmless(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(harmless_paths); i++)
        if (is_within(path, harmless_paths[i]))
            return true;
    return false;
}

/* A secret or config, whose name is a hash: not the salt of these. */
static bool is_own_file(const char *path, const char *folder)
{
    const char *name = path + strlen(folder);
    return name[0] == '/' && strlen(name + 1) == SHA256_HEX_SIZE - 1 &&
           strspn(name + 1, "0123456789abcdef") == SHA256_HEX_SIZE - 1;
}

/* Its journal, its lock and its old copies too. */
static bool touches_database(const char *path, const char *database)
{
    return touches(path, database) || strncmp(path, database, strlen(database)) == 0;
}

static const char *judge_clean(const struct policy_world *world, const char *path, bool read_only)
{
    const char *own = world->own_files;
    if (own && is_within(path, own))
        return read_only && is_own_file(path, own) ? NULL : "it has secrets of roost's in it";
    if (world->database && touches_database(path, world->database))
        return "it has the database of roost in it";
    for (const char *const *p = world->private_paths; p && *p; p++)
        if (touches(path, *p))
            return "it has files or sockets of the engine or of roost in it";
    if (read_only && is_harmless(path))
        return NULL;
    for (size_t i = 0; i < ARRAY_LEN(system_paths); i++)
        if (touches(path, system_paths[i]))
            return "it has files of the system in it";
    return NULL;
}

const char *policy_path_judge(const struct policy_world *world, const char *path, bool read_only)
{
    char clean[PATH_MAX], real[PATH_MAX];
    bool special = false;
    if ((size_t)snprintf(clean, sizeof(clean), "%s", path) >= sizeof(clean) || clean[0] != '/')
        return "it is no path that could be judged";
    mount_clean_path(clean);
    const char *why = judge_clean(world, clean, read_only);
    if (why || !world->resolve || !world->resolve(world->ctx, clean, real, &special))
        return why;
    if (special)
        return "it is a socket or a device, or cannot be looked at";
    return judge_clean(world, real, read_only);
}
