/* SPDX-License-Identifier: MIT
 *
 * The table itself. docs/keys.md is printed from it.
 */
#include "spec/keys.h"

#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"

static const struct key keys[] = {
    {"image", read_refused, .flags = KEY_FILE, .takes = "a reference: `busybox:1.36`",
     .does = "needed, but with `build`; the column `image` of the row"},
    {"build", read_build, .flags = KEY_UNHASHED, .takes = "a text or a map",
     .does = "not carried out: `docker compose build` makes the image, and without `image` it is "
             "the one that this makes, `{name}-{service}`; a warning"},
    {"container_name", read_container_name, .flags = KEY_UNHASHED,
     .takes = "two or more of letters, digits, `_` `.` `-`",
     .does = "instead of `{name}-{service}`"},
    {"restart", read_restart, .flags = KEY_UNHASHED,
     .takes = "`no`, `always`, `unless-stopped`, `on-failure[:N]`",
     .does = "checked only: the policy is `unless-stopped` for hot, `no` for lazy. Without "
             "`lifecycle`, `no` makes a [job](compose.md#jobs); `no` with hot and any other with "
             "lazy are errors"},
    {"depends_on", read_depends_on, .flags = KEY_UNHASHED,
     .takes = "a list, or a map with `condition`, `required` and `restart`",
     .does = "an agent that an awake one depends on is awake too; circles are an error"},
    {"platform", read_platform, put_platform, NULL, say_option, "--platform",
     .takes = "`linux/amd64`, `linux/arm/v7`, `arm64`",
     .does = "that of the image: it is pulled for it, and one that is there for another is not "
             "taken. Needs API 1.41 (Docker 20.10)"},
    {"pull_policy", read_pull_policy, .flags = KEY_UNHASHED,
     .takes = "`missing`, `always`, `never`, `build`, `daily`, `weekly`, `every_12h`",
     .does =
         "when the image is pulled; without it: when it is missing. No part of what the container "
         "is: a change recreates nothing"},
    {"x-roost", read_roost, .flags = KEY_UNHASHED, .takes = "a map",
     .does = "[roost's own settings](compose.md#x-roost)"},
    {"hostname", read_hostname, put_field, "Hostname", say_option, "--hostname",
     .takes = "a host's name"},
    {"domainname", read_text_key, put_field, "Domainname", say_option, "--domainname",
     .takes = "text"},
    {"user", read_user, put_field, "User", say_option, "--user",
     .takes = "`name`, `1000`, `1000:1000`"},
    {"group_add", read_texts, put_texts, "HostConfig.GroupAdd", say_texts, "--group-add",
     .flags = KEY_SORTED, .takes = "a list of names and numbers"},
    {"working_dir", read_directory, put_field, "WorkingDir", say_option, "--workdir",
     .takes = "an absolute path"},
    {"environment", read_environment, put_environment, NULL, say_environment,
     .takes = "a map, or a list of `NAME=value`",
     .does = "a `NAME` without a value is taken from roost's own environment or `.env`; it is "
             "unset where they have none"},
    {"labels", read_labels, put_labels, NULL, say_labels,
     .takes = "a map, or a list of `name=value`",
     .does = "`roost.…` and `com.docker.compose.…` are reserved"},
    {"annotations", read_pairs, put_annotations, "HostConfig.Annotations", say_pairs,
     "--annotation", .takes = "a map, or a list of `name=value`",
     .does = "needs API 1.43 (Docker 24)"},
    {"network_mode", read_namespace, put_namespace, "HostConfig.NetworkMode",
     .takes = "`bridge`, `host`, `none`, `service:NAME`, `container:NAME`",
     .does = "not beside `networks`; `ports` only with `bridge`"},
    {"networks", read_networks,
     .takes = "a list, or a map with `aliases`, `ipv4_address`, `ipv6_address`, `link_local_ips`, "
              "`mac_address`, `driver_opts`, `priority`",
     .does = "without it: the network `default`. The highest `priority` is attached first. "
             "`gw_priority` and `interface_name` are errors: they need Docker 28"},
    {"mac_address", read_mac, put_field, "MacAddress", say_option, "--mac-address",
     .takes = "six bytes: `02:42:ac:11:65:43`"},
    {"ports", read_ports, put_ports, NULL, say_ports,
     .takes = "`\"80\"`, `\"8080:80\"`, `\"127.0.0.1:8080:80/udp\"`, ranges, or `{target, "
              "published, host_ip, protocol, mode}`",
     .does = "two agents that publish one port of the host are an error. `name` and `app_protocol` "
             "say nothing to an engine: a warning"},
    {"expose", read_expose, put_expose, NULL, say_texts, "--expose", .flags = KEY_SORTED,
     .takes = "a list of `\"80\"`, `\"80-90\"`, `\"53/udp\"`"},
    {"links", read_links, .takes = "a list of `SERVICE`, `SERVICE:ALIAS`",
     .does = "the service is depended on"},
    {"external_links", read_external_links, .takes = "a list of `CONTAINER`, `CONTAINER:ALIAS`",
     .does = "the container must be there when the agent starts"},
    {"dns", read_texts, put_texts, "HostConfig.Dns", say_texts, "--dns",
     .takes = "an address, or a list"},
    {"dns_search", read_texts, put_texts, "HostConfig.DnsSearch", say_texts, "--dns-search",
     .takes = "a domain, or a list"},
    {"dns_opt", read_texts, put_texts, "HostConfig.DnsOptions", say_texts, "--dns-opt",
     .takes = "a list"},
    {"extra_hosts", read_extra_hosts, put_texts, "HostConfig.ExtraHosts", say_texts, "--add-host",
     .flags = KEY_SORTED, .takes = "a map, or a list of `name=address`, `name:address`",
     .does = "`host-gateway` is the host"},
    {"volumes", read_volumes, put_volumes, NULL, say_volumes,
     .takes = "`name:/path`, `./folder:/path:ro`, `/path`, or `{type, source, target, read_only, "
              "bind, volume, tmpfs, consistency}`",
     .does =
         "a name must stand under `volumes:` at the top level. `tmpfs` goes to the key `tmpfs`; "
         "`image`, `cluster` and `npipe` are errors"},
    {"volumes_from", read_volumes_from, put_volumes_from, NULL, say_volumes_from,
     .takes = "a list of `SERVICE[:ro]`, `container:NAME[:ro]`",
     .does = "the service is depended on"},
    {"tmpfs", read_tmpfs, put_tmpfs, NULL, say_tmpfs,
     .takes = "`/path:size=64m,mode=1777`, one or a list"},
    {"read_only", read_plain_bool, put_field, "HostConfig.ReadonlyRootfs", say_flag, "--read-only",
     .takes = "true, false"},
    {"init", read_plain_bool, put_field, "HostConfig.Init", say_flag, "--init",
     .takes = "true, false"},
    {"tty", read_plain_bool, put_field, "Tty", say_flag, "--tty", .takes = "true, false"},
    {"stdin_open", read_plain_bool, put_field, "OpenStdin", say_flag, "--interactive",
     .takes = "true, false"},
    {"privileged", read_plain_bool, put_field, "HostConfig.Privileged", say_flag, "--privileged",
     .takes = "true, false"},
    {"cap_add", read_capabilities, put_texts, "HostConfig.CapAdd", say_texts, "--cap-add",
     .flags = KEY_SORTED, .takes = "a list: `NET_ADMIN`, `CAP_NET_ADMIN`, `ALL`"},
    {"cap_drop", read_capabilities, put_texts, "HostConfig.CapDrop", say_texts, "--cap-drop",
     .flags = KEY_SORTED, .takes = "the same"},
    {"security_opt", read_security, put_security, NULL, say_security, .flags = KEY_SORTED,
     .takes = "a list: `no-new-privileges:true`, `apparmor=NAME`, `seccomp=FILE`, …",
     .does = "a seccomp profile is read when the file is applied"},
    {"devices", read_devices, put_devices, NULL, say_texts, "--device",
     .takes = "`/dev/x`, `/dev/x:/dev/y:rwm`, or `{source, target, permissions}`",
     .does = "CDI names (`vendor/class=name`) are an error"},
    {"device_cgroup_rules", read_device_rules, put_texts, "HostConfig.DeviceCgroupRules", say_texts,
     "--device-cgroup-rule", .takes = "a list: `\"c 188:* rmw\"`"},
    {"gpus", read_gpus, put_gpus, NULL, say_gpus,
     .takes = "`all`, or a list of `{count, device_ids, driver, capabilities, options}`"},
    {"pid", read_namespace, put_namespace, "HostConfig.PidMode", say_namespace, "--pid",
     .takes = "`host`, `service:NAME`, `container:NAME`", .does = "the service is depended on"},
    {"ipc", read_namespace, put_namespace, "HostConfig.IpcMode", say_namespace, "--ipc",
     .takes = "`host`, `none`, `private`, `shareable`, `service:NAME`, `container:NAME`",
     .does = "the service is depended on"},
    {"uts", read_namespace, put_namespace, "HostConfig.UTSMode", say_namespace, "--uts",
     .takes = "`host`"},
    {"userns_mode", read_namespace, put_namespace, "HostConfig.UsernsMode", say_namespace,
     "--userns", .takes = "`host`"},
    {"cgroup", read_namespace, put_cgroup, "HostConfig.CgroupnsMode", say_namespace, "--cgroupns",
     .takes = "`host`, `private`", .does = "needs API 1.41 (Docker 20.10)"},
    {"cgroup_parent", read_text_key, put_field, "HostConfig.CgroupParent", say_option,
     "--cgroup-parent", .takes = "text"},
    {"runtime", read_text_key, put_field, "HostConfig.Runtime", say_option, "--runtime",
     .takes = "a runtime that the engine knows"},
    {"storage_opt", read_pairs, put_field, "HostConfig.StorageOpt", say_pairs, "--storage-opt",
     .takes = "a map"},
    {"sysctls", read_pairs, put_field, "HostConfig.Sysctls", say_pairs, "--sysctl",
     .takes = "a map, or a list of `name=value`"},
    {"ulimits", read_ulimits, put_ulimits, NULL, say_ulimits,
     .takes = "a map of names to a number or `{soft, hard}`"},
    {"shm_size", read_bytes, put_bytes, "HostConfig.ShmSize", say_option, "--shm-size",
     .takes = "`64m`, bytes"},
    {"mem_limit", read_memory, put_memory, NULL, say_option, "--memory",
     .takes = "`64m`, `1g`, bytes", .does = "at least 6m; 0 is no limit"},
    {"mem_reservation", read_bytes, put_bytes, "HostConfig.MemoryReservation", say_option,
     "--memory-reservation", .takes = "the same"},
    {"memswap_limit", read_bytes, put_bytes, "HostConfig.MemorySwap", say_option, "--memory-swap",
     .min = -1, .takes = "the same; -1 is no limit", .does = "memory and swap together"},
    {"mem_swappiness", read_number, put_field, "HostConfig.MemorySwappiness", say_option,
     "--memory-swappiness", .min = -1, .max = 100, .takes = "0 to 100; -1 is the default"},
    {"oom_kill_disable", read_plain_bool, put_field, "HostConfig.OomKillDisable", say_flag,
     "--oom-kill-disable", .takes = "true, false"},
    {"oom_score_adj", read_number, put_field, "HostConfig.OomScoreAdj", say_option,
     "--oom-score-adj", .min = -1000, .max = 1000, .takes = "-1000 to 1000"},
    {"cpus", read_cpus, put_cpus, NULL, say_option, "--cpus", .takes = "`0.5`"},
    {"cpuset", read_cpuset, put_field, "HostConfig.CpusetCpus", say_option, "--cpuset-cpus",
     .takes = "`0-3`, `0,2`"},
    {"cpu_shares", read_number, put_field, "HostConfig.CpuShares", say_option, "--cpu-shares",
     .max = INT64_MAX, .takes = "a number"},
    {"cpu_quota", read_micros, put_field, "HostConfig.CpuQuota", say_option, "--cpu-quota",
     .min = -1, .max = INT64_MAX, .takes = "microseconds, or `50ms`"},
    {"cpu_period", read_micros, put_field, "HostConfig.CpuPeriod", say_option, "--cpu-period",
     .max = INT64_MAX, .takes = "the same"},
    {"cpu_rt_runtime", read_micros, put_field, "HostConfig.CpuRealtimeRuntime", say_option,
     "--cpu-rt-runtime", .max = INT64_MAX, .takes = "the same"},
    {"cpu_rt_period", read_micros, put_field, "HostConfig.CpuRealtimePeriod", say_option,
     "--cpu-rt-period", .max = INT64_MAX, .takes = "the same"},
    {"blkio_config", read_blkio, put_blkio, NULL, say_blkio,
     .takes = "a map with `weight`, `weight_device`, `device_read_bps`, `device_read_iops`, "
              "`device_write_bps`, `device_write_iops`"},
    {"pids_limit", read_pids_limit, put_field, "HostConfig.PidsLimit", say_option, "--pids-limit",
     .takes = "a number; -1 is no limit"},
    {"logging", read_logging, put_logging, NULL, say_logging,
     .takes = "a map with `driver` and `options`"},
    {"healthcheck", read_healthcheck, put_healthcheck, NULL, say_healthcheck,
     .takes =
         "`test`, `interval`, `timeout`, `retries`, `start_period`, `start_interval`, `disable`",
     .does = "`start_interval` needs API 1.44 (Docker 25)"},
    {"stop_signal", read_stop_signal, put_field, "StopSignal", say_option, "--stop-signal",
     .takes = "`SIGINT`, `INT`, `2`"},
    {"stop_grace_period", read_grace_period, put_grace_period, NULL, say_grace_period,
     .takes = "`1m30s`", .does = "10 s where it is not given"},
    {"entrypoint", read_command, put_entrypoint, NULL, say_entrypoint,
     .takes = "text, split into words like a shell's, or a list",
     .does = "an empty list clears the image's"},
    {"command", read_command, put_command, NULL, say_command, .takes = "the same",
     .does = "no shell reads it: for `&&` or `$$X` write `[\"sh\", \"-c\", \"…\"]`"},
    {"env_file", read_refused, .flags = KEY_FILE,
     .takes = "a path, a list, or a list of `{path, required, format}`",
     .does = "read when the file is applied, into `environment`. `format: raw`: values are taken "
             "as they "
             "stand"},
    {"label_file", read_refused, .flags = KEY_FILE, .takes = "a path, or a list",
     .does = "read when the file is applied, into `labels`"},
    {"deploy", read_refused, .flags = KEY_FILE,
     .takes = "a map with `resources`, `replicas`, `restart_policy`, …",
     .does = "`resources` become `cpus`, `mem_limit`, `pids_limit`, `mem_reservation` and `gpus`; "
             "`restart_policy.condition` becomes `restart`; [the rest](compose.md#deploy) has no "
             "effect on one engine: a warning"},
    {"secrets", read_refused, .flags = KEY_FILE,
     .takes = "a list of names, or of `{source, target, mode, uid, gid}`",
     .does = "[mounted when the file is applied](compose.md#secrets-and-configs)"},
    {"configs", read_refused, .flags = KEY_FILE, .takes = "the same",
     .does = "[the same](compose.md#secrets-and-configs)"},
    {"scale", read_refused, .flags = KEY_FILE, .takes = "a number",
     .does = "[so many agents](compose.md#several-of-one-service)"},
    {"profiles", read_refused, .flags = KEY_FILE, .takes = "a list",
     .does = "[left out until one is active](compose.md#files-over-files)"},
    {"extends", read_refused, .flags = KEY_FILE, .takes = "a service, or `{service, file}`",
     .does = "[laid over another service](compose.md#files-over-files)"},
    {"attach", read_refused, .flags = KEY_WARNED, .takes = "true, false",
     .does = "it is about what `docker compose up` shows; `roost logs` shows every agent"},
    {"develop", read_refused, .flags = KEY_WARNED, .takes = "a map",
     .does = "`docker compose watch` carries it out; roost watches no sources"},
    {"cpu_count", read_refused, .flags = KEY_REFUSED, .takes = "a number",
     .does = "only Windows counts so; write cpus"},
    {"cpu_percent", read_refused, .flags = KEY_REFUSED, .takes = "a number",
     .does = "only Windows counts so; write cpus"},
    {"isolation", read_refused, .flags = KEY_REFUSED, .takes = "text",
     .does = "only containers of Windows have it; remove it"},
    {"credential_spec", read_refused, .flags = KEY_REFUSED, .takes = "a map",
     .does = "only containers of Windows have it; remove it"},
    {"post_start", read_refused, .flags = KEY_REFUSED, .takes = "a list",
     .does =
         "roost runs nothing in a container; put it before the program in entrypoint or command"},
    {"pre_stop", read_refused, .flags = KEY_REFUSED, .takes = "a list",
     .does = "roost runs nothing in a container; let the program do it at its stop_signal"},
    {"models", read_refused, .flags = KEY_REFUSED, .takes = "a list or a map",
     .does = "roost runs no models; run the server of one as a service"},
    {"provider", read_refused, .flags = KEY_REFUSED, .takes = "a map",
     .does = "roost runs no providers; write a service with an image"},
    {"use_api_socket", read_refused, .flags = KEY_REFUSED, .takes = "true, false",
     .does = "it hands out the engine; mount the socket under volumes where that is meant"},
    {"pull_refresh_after", read_refused, .flags = KEY_REFUSED, .takes = "text",
     .does = "write pull_policy: every_12h"},
};

const struct key *key_at(size_t index)
{
    return index < ARRAY_LEN(keys) ? &keys[index] : NULL;
}

const struct key *key_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

const char *spec_key_name(size_t index)
{
    return index < ARRAY_LEN(keys) ? keys[index].name : NULL;
}
