# SPDX-License-Identifier: MIT
"""Random fleets, and random ways to write each of them down as compose files."""

import json
import re

WORDS = ["true", "No", "null", "~", "a b", "a: b", "#x", "x #y", "'", '"', "it's", "\\n", "-", "- a", "[a]", "*a", "&a", "!x",
         "1.10", "0x1f", "012", "1e3", "12:30:45", "=", "a=b", "<<", "|", ">", "%", "@", "`", "ü", "日本", "$$X", "$${X}", "  a",
         "a  ", "a\nb", "a\n\nb\n", "a, b", "{a: b}", "?", ":", "::", "plain", "two words", "/path", "x:y", "", "yes", "off", "+1"]
NULLS = ["", "~", "null", "Null", "NULL"]


# What stands for the same ------------------------------------------------------------------------------------------

def size(rng, mebibytes):
    return rng.choice([f"{mebibytes}m", f"{mebibytes}M", f"{mebibytes}mb", f"{mebibytes * 1024}k", f"{mebibytes << 20}",
                       f"{mebibytes << 20}b", mebibytes << 20])


def duration(rng, seconds):
    ways = [f"{seconds}s", f"{seconds * 1000}ms", f"{seconds}.0s"]
    if seconds >= 60:
        ways.append(f"{seconds // 60}m{seconds % 60}s")
    return rng.choice(ways)


def number(rng, value):
    return rng.choice([value, value, str(value)])


def flag(rng, value):
    return rng.choice([value, value, "true" if value else "false"])


def pairs(rng, values, separators="="):
    """A map, or a list of NAME=value."""
    if rng.random() < 0.5:
        return {name: rng.choice([value, int(value)]) if re.fullmatch(r"[1-9]\d{0,8}", value) else value
                for name, value in values.items()}
    return shuffled(rng, [f"{name}{rng.choice(separators)}{value}" for name, value in values.items()])


def one_or_list(rng, values):
    return values[0] if len(values) == 1 and rng.random() < 0.5 else list(values)


def shuffled(rng, values):
    values = list(values)
    rng.shuffle(values)
    return values


def port(rng, entry):
    host, ip, target, protocol = entry
    if rng.random() < 0.5:
        made = {"target": number(rng, target)}
        if host:
            made["published"] = number(rng, host)
        if ip:
            made["host_ip"] = ip
        if protocol != "tcp" or rng.random() < 0.5:
            made["protocol"] = protocol
        if rng.random() < 0.3:
            made["mode"] = rng.choice(["ingress", "host"])
        return made
    text = f"{ip}:" if ip else ""
    text += f"{host or ''}:" if host or ip else ""
    text += str(target)
    return text + (f"/{protocol}" if protocol != "tcp" or rng.random() < 0.3 else "")


def volume(rng, entry):
    kind, source, target, read_only = entry
    if rng.random() < 0.5:
        made = {"type": kind, "source": source, "target": target}
        if read_only or rng.random() < 0.3:
            made["read_only"] = flag(rng, read_only)
        if kind == "bind" and rng.random() < 0.3:
            made["bind"] = {"create_host_path": True}
        return made
    return f"{source}:{target}" + (":ro" if read_only else rng.choice(["", ":rw"]))


def command(rng, words):
    if words and all(re.fullmatch(r"[\w./=-]+", word) for word in words) and rng.random() < 0.5:
        return rng.choice([" ", "  "]).join(rng.choice([word, f"'{word}'", f'"{word}"']) for word in words)
    return list(words)


def healthcheck(rng, test, times, retries):
    made = {name: duration(rng, seconds) for name, seconds in times.items()}
    made["test"] = test if rng.random() < 0.5 else ["CMD-SHELL", test]
    if retries:
        made["retries"] = number(rng, retries)
    if rng.random() < 0.2:
        made["disable"] = False
    return made


def depends(rng, names):
    if all(condition == "service_started" for condition in names.values()) and rng.random() < 0.5:
        return shuffled(rng, names)
    made = {}
    for name, condition in names.items():
        made[name] = {"condition": condition}
        if rng.random() < 0.3:
            made[name]["required"] = True
    return made


def networks(rng, names):
    if not any(names.values()) and rng.random() < 0.5:
        return shuffled(rng, names)
    return {name: ({**said, "aliases": shuffled(rng, said["aliases"])} if said else rng.choice([None, {}]))
            for name, said in names.items()}


def ulimits(rng, limits):
    return {name: number(rng, soft) if soft == hard and rng.random() < 0.5
            else {"soft": number(rng, soft), "hard": number(rng, hard)} for name, (soft, hard) in limits.items()}


def limits(rng, cpus, memory, pids):
    whole = [("cpus", "cpus", rng.choice([cpus, str(cpus)])), ("mem_limit", "memory", size(rng, memory)),
             ("pids_limit", "pids", pids)]
    made = {}
    for key, name, value in whole:
        if rng.random() < 0.5:
            made[key] = value
        else:
            value = str(value) if name == "cpus" else value
            made.setdefault("deploy", {}).setdefault("resources", {}).setdefault("limits", {})[name] = value
    return made


def device(rng, source, target, permissions):
    if rng.random() < 0.5:
        return {"source": source, "target": target, "permissions": permissions}
    short = [f"{source}:{target}:{permissions}"]
    if permissions == "rwm":
        short += [f"{source}:{target}"] + ([source] if source == target else [])
    return rng.choice(short)


def config(rng, target, mode):
    """One of the top level's `conf`."""
    usual = target == "/conf" and mode == 0o444
    if usual and rng.random() < 0.5:
        return "conf"
    made = {"source": "conf"}
    if target != "/conf" or rng.random() < 0.3:
        made["target"] = target
    if mode != 0o444 or rng.random() < 0.3:
        made["mode"] = rng.choice([mode, f"0{mode:o}"])
    return made


def gpus(rng, count):
    if count == -1 and rng.random() < 0.5:
        return rng.choice(["all", [{"count": "all"}], [{"count": -1}]])
    return [{"count": "all" if count == -1 else count}]


def capabilities(rng, names):
    return shuffled(rng, [rng.choice([name, f"CAP_{name}", name.lower()]) for name in names])


def roost(rng, settings):
    made = dict(settings)
    for name in ("idle_timeout", "stop_after", "ready_timeout"):
        if name in made:
            made[name] = duration(rng, made[name])
    return made


# Fleets ------------------------------------------------------------------------------------------------------------

def facets(rng, first_port, others):
    """What a service may say: each a function that gives it in one of its ways."""
    some = rng.sample
    word = lambda: rng.choice(WORDS)
    names = some(["A", "B", "LONG_NAME", "x.y", "HTTP-Z", "n8"], rng.randint(1, 5))
    environment = {name: rng.choice([word(), str(rng.randint(1, 99999))]) for name in names}
    labels = {f"l.{name}": word() for name in names}
    words = [rng.choice([word(), "sleep", "9", "--x=1"]) for _ in range(rng.randint(1, 4))]
    seconds, other, mebibytes = rng.randint(1, 4000), rng.randint(1, 600), rng.randint(6, 900)
    ports = [(rng.choice([None, first_port + i]), rng.choice(["", "", "127.0.0.1"]), rng.choice([80, 443, 5000 + i]),
              rng.choice(["tcp", "tcp", "udp"])) for i in range(rng.randint(1, 4))]
    ports = list({entry[2:]: entry for entry in ports}.values())
    volumes = [(kind, source, f"/v{i}", rng.random() < 0.3) for i, (kind, source) in enumerate(some(
        [("volume", "data"), ("volume", "cache"), ("bind", "/srv/x"), ("bind", "./rel"), ("bind", "/srv/y y")], 3))]
    caps = some(["NET_ADMIN", "SYS_TIME", "CHOWN", "KILL"], 2)
    soft = rng.randint(1, 500)
    net = {name: rng.choice([None, {"aliases": some(["one", "two", "three"], 2)}])
           for name in some(["default", "front", "back"], 2)}
    hosts = {"db.local": "192.0.2.1", "gate": "host-gateway"}
    test, times = rng.choice(["true", "curl -f localhost || exit 1", word() or "x"]), {
        name: rng.randint(1, 300) for name in some(["interval", "timeout", "start_period"], 2)}
    cpus, pids = rng.choice([0.5, 1.5, 2, 0.25]), rng.randint(1, 500)
    waits = {name: rng.choice(["service_started", "service_started", "service_healthy"]) for name in others[:2]}
    settings = {"lifecycle": "lazy", "idle_timeout": seconds, "ready": rng.choice(["started", {"tcp": 80}]),
                "ready_timeout": other}
    every = rng.choice([("missing", "if_not_present"), ("daily",), ("every_90m", "every_1h30m"), ("always",), ("never",)])
    boolean = rng.random() < 0.5
    usual = word()
    usual = usual if usual.strip() and "\n" not in usual else "plain"
    made = [
        lambda r: {"environment": pairs(r, environment)},
        lambda r: {"labels": pairs(r, labels)},
        lambda r: {"command": command(r, words)},
        lambda r: {"entrypoint": command(r, ["/bin/run", *words[:1]])},
        lambda r: {"ports": shuffled(r, [port(r, entry) for entry in ports])},
        lambda r: {"volumes": [volume(r, entry) for entry in volumes]},
        lambda r: {"healthcheck": healthcheck(r, test, times, rng_retries)},
        lambda r: limits(r, cpus, mebibytes, pids),
        lambda r: {"shm_size": size(r, mebibytes)},
        lambda r: {"stop_grace_period": duration(r, seconds)},
        lambda r: {"stop_signal": r.choice(["SIGINT", "INT", "sigint"])},
        lambda r: {"cap_add": capabilities(r, caps)},
        lambda r: {"cap_drop": capabilities(r, caps[:1])},
        lambda r: {"ulimits": ulimits(r, {"nofile": (soft, soft), "nproc": (soft, soft + 9)})},
        lambda r: {"networks": networks(r, net)},
        lambda r: {"extra_hosts": pairs(r, hosts, "=:") if r.random() < 0.5 else dict(hosts)},
        lambda r: {"sysctls": pairs(r, {"net.core.somaxconn": "1024", "kernel.msgmax": "65536"})},
        lambda r: {"expose": shuffled(r, [r.choice(["80", 80, "80/tcp"]), "53/udp", "90-95"])},
        lambda r: {"dns": one_or_list(r, ["192.0.2.7"])},
        lambda r: {"dns_search": one_or_list(r, ["example.org", "a.test"])},
        lambda r: {"tmpfs": one_or_list(r, ["/run:size=64m,mode=1777"])},
        lambda r: {"devices": [device(r, "/dev/null", "/dev/x", "rw"), device(r, "/dev/zero", "/dev/zero", "rwm")]},
        lambda r: {"logging": {"driver": "json-file", "options": {"max-size": "10m", "max-file": number(r, 3)}}},
        lambda r: {"pull_policy": r.choice(every)},
        lambda r: {"x-roost": roost(r, settings)},
        lambda r: {"init": flag(r, boolean), "tty": flag(r, not boolean), "read_only": flag(r, True)},
        lambda r: {"hostname": "host-1", "user": number(r, 1000), "working_dir": "/srv/app"},
        lambda r: {"group_add": shuffled(r, ["audio", number(r, 44)])},
        lambda r: {"security_opt": shuffled(r, ["no-new-privileges:true", "label=disable"])},
        lambda r: {"mem_reservation": size(r, mebibytes), "oom_score_adj": number(r, -5), "cpuset": "0-3"},
        lambda r: {"annotations": pairs(r, {"one": usual, "two": "2"})},
        lambda r: {"domainname": usual} if usual.isascii() else {},
        lambda r: {"scale": 2} if scaled == 2 else {"deploy": {"replicas": 3}},
        lambda r: {"device_cgroup_rules": ["c 1:3 mr"], "cgroup_parent": "/x", "runtime": "runc"},
        lambda r: {"blkio_config": {"weight": number(r, 300), "device_read_bps": [{"path": "/dev/sda", "rate": size(r, 12)}]}},
    ]
    target, mode = rng.choice([("/conf", 0o444), ("/etc/app.conf", 0o400)])
    made += [
        lambda r: {"configs": [config(r, target, mode)]},
        lambda r: {"gpus": gpus(r, cpu_count)},
        lambda r: {"mac_address": r.choice(["02:42:ac:11:00:fe", "02:42:AC:11:00:FE", "02-42-ac-11-00-fe"])},
        lambda r: {"memswap_limit": size(r, mebibytes * 2), "mem_limit": size(r, mebibytes)},
        lambda r: {"cpu_quota": r.choice([50000, "50ms", "50000"]), "cpu_period": r.choice([100000, "100ms"])},
        lambda r: {"build": r.choice([".", {"context": "."}])},
    ]
    cpu_count = rng.choice([-1, 2])
    rng_retries, scaled = rng.choice([0, 3]), rng.choice([2, 3])
    if waits:
        made.append(lambda r: {"depends_on": depends(r, waits)})
    return some(made, rng.randint(1, min(12, len(made))))


class Fleet:
    """A random fleet; `way(rng)` is one way to say it, as a document."""

    def __init__(self, rng):
        self.name = rng.choice(["demo", "a-1", "no", "n123"])
        names = rng.sample(["web", "db", "on", "y", "worker_1", "x.y", "API", "true"], rng.randint(1, 4))
        self.services = {name: facets(rng, 8000 + 10 * i, names[i + 1:]) for i, name in enumerate(names)}
        driver_opts = {"com.docker.network.bridge.name": "br9"}
        self.top = {
            "networks": lambda r: {"front": r.choice([{"driver": "bridge", "internal": flag(r, True)}]),
                                   "back": r.choice([None, {}]), "default": {"driver_opts": dict(driver_opts)}},
            "configs": lambda r: {"conf": {"content": "some: text"}},
            "volumes": lambda r: {"data": r.choice([None, {}]), "cache": {"labels": pairs(r, {"a": "b", "c": "1"})}},
        }

    def way(self, rng):
        services = {}
        for name, said in self.services.items():
            service = {"image": "busybox:1.36"}
            for facet in said:
                lay_over(service, facet(rng))
            services[name] = service
        document = {"name": self.name, "services": services, **{key: said(rng) for key, said in self.top.items()}}
        if rng.random() < 0.3:
            document["x-more"] = {"any": ["thing", 1]}
        return document


def lay_over(under, over):
    for key, value in over.items():
        if isinstance(value, dict) and isinstance(under.get(key), dict):
            lay_over(under[key], value)
        else:
            under[key] = value


# Elsewhere ---------------------------------------------------------------------------------------------------------

VARIED = {"environment", "labels", "command", "image", "hostname", "working_dir", "shm_size", "stop_grace_period", "logging",
          "healthcheck", "tmpfs", "sysctls", "mem_limit", "mem_reservation", "user", "cap_add", "dns", "x-roost", "init", "tty"}


def as_variables(rng, value):
    """Some texts as what a variable that is not set gives instead."""
    if isinstance(value, dict):
        return {key: as_variables(rng, part) for key, part in value.items()}
    if isinstance(value, list):
        return [as_variables(rng, part) for part in value]
    if isinstance(value, str) and re.fullmatch(r"[\w./ -]+", value) and value.strip() and rng.random() < 0.3:
        return rng.choice(["${NOT_SET:-%s}", "${NOT_SET-%s}", "${NOT_SET:-${NOR_THIS:-%s}}"]) % value
    return value


def into_file(rng, service, key, file_key, folder, name):
    """Some of a map's plain pairs in a file beside it."""
    values = service.get(key)
    if isinstance(values, list):
        values = dict(entry.split("=", 1) for entry in values)
    moved = [one for one, value in (values or {}).items()
             if re.fullmatch(r"[A-Z_]+" if key == "environment" else r"[\w.]+", one)
             and re.fullmatch(r"[\w./-]+", str(value)) and rng.random() < 0.5]
    if not moved:
        return
    path = folder / name
    path.write_text("".join(rng.choice(["{}={}\n", "{}='{}'\n", "{}=\"{}\"\n", "# why\n{}={}\n"]).format(one, values[one])
                            for one in moved), encoding="utf-8")
    service[key] = {one: value for one, value in values.items() if one not in moved}
    if not service[key]:
        del service[key]
    shown = rng.choice([str(path), f"./{name}"])
    service[file_key] = rng.choice([shown, [shown]] + [[{"path": shown}, ], [{"path": shown, "required": True}]] * (file_key == "env_file"))


def elsewhere(rng, document, folder, mark):
    """The same with variables, files of variables, and files that are included."""
    for name, service in document["services"].items():
        if rng.random() < 0.2:
            into_file(rng, service, "environment", "env_file", folder, f"{mark}-{name}.env")
        if rng.random() < 0.1:
            into_file(rng, service, "labels", "label_file", folder, f"{mark}-{name}.labels")
        if rng.random() < 0.2:
            document["services"][name] = {key: as_variables(rng, value) if key in VARIED else value
                                          for key, value in service.items()}
    names = list(document["services"])
    if len(names) > 1 and rng.random() < 0.2:
        moved = {name: document["services"].pop(name) for name in names[rng.randint(1, len(names) - 1):]}
        more = {key: document.pop(key) for key in ("networks", "volumes", "configs")}
        path = folder / f"{mark}-included.yaml"
        path.write_text(Writer(rng).text({"services": moved, **more}), encoding="utf-8")
        shown = rng.choice([str(path), f"./{path.name}"])
        document["include"] = rng.choice([[shown], [{"path": shown}], [{"path": [shown]}]])
    return document


# Several files -----------------------------------------------------------------------------------------------------

MERGED_MAPS = {"services", "networks", "volumes", "environment", "labels", "ulimits", "sysctls", "annotations", "deploy",
               "resources", "limits", "depends_on", "healthcheck", "x-roost"}
MERGED_LISTS = {"environment", "labels", "cap_add", "cap_drop", "ports", "volumes", "expose", "devices", "dns_search", "security_opt",
                "group_add", "depends_on", "networks", "sysctls", "annotations", "extra_hosts"}
OVERWRITTEN = {"hostname": "another", "working_dir": "/else", "stop_signal": "SIGHUP", "user": "nobody", "shm_size": "1m",
               "command": ["another", "one"], "init": True}


def split(rng, document, depth=0):
    """Two documents that give this one when the second is laid over the first."""
    under, over = {}, {}
    for key, value in document.items():
        if isinstance(value, dict) and value and (key in MERGED_MAPS or depth == 2) and rng.random() < 0.8:
            one, two = split(rng, value, 2 if key == "services" and depth == 0 else 3 if depth == 2 else 1)
            under.update({key: one} if one else {})
            over.update({key: two} if two or not one else {})
        elif isinstance(value, list) and len(value) > 1 and key in MERGED_LISTS and rng.random() < 0.5:
            at = rng.randint(1, len(value) - 1)
            under[key], over[key] = value[:at], value[at:]
        elif rng.random() < 0.5:
            under[key] = value
        else:
            over[key] = value
            if depth == 3 and key in OVERWRITTEN and rng.random() < 0.5:
                under[key] = OVERWRITTEN[key]
    return under, over


# Text --------------------------------------------------------------------------------------------------------------

PLAIN = re.compile(r"[A-Za-z/_][\w./=+@~-]*([ :][\w./=+@~-]+)*")
SPECIAL = re.compile(r"(true|false|null|yes|no|on|off|y|n|\.inf|\.nan)$", re.I)


class Writer:
    """One document as YAML, in random styles."""

    def __init__(self, rng):
        self.rng = rng
        self.anchors = {}
        self.n_anchors = 0
        self.step = rng.choice([1, 2, 4])
        self.aliased = rng.random() < 0.4
        self.merging = rng.random() < 0.4
        self.flow_share = rng.choice([0, 0.1, 0.5])

    def text(self, document):
        if self.rng.random() < 0.15:
            return json.dumps(document, ensure_ascii=self.rng.random() < 0.5, indent=self.rng.choice([None, 1, 4])) + "\n"
        head = self.rng.choice(["", "", "---\n", "# a file\n\n", "%YAML 1.2\n---\n"])
        return head + self.block(document, 0) + self.rng.choice(["", "", "...\n", "# end\n"])

    def entries(self, mapping):
        """In any order, some of them perhaps merged."""
        whole = list(mapping.items())
        self.rng.shuffle(whole)
        if not self.merging or len(whole) < 2 or self.rng.random() < 0.6:
            return whole
        at = self.rng.randint(1, len(whole) - 1)
        own, merged = whole[:at], dict(whole[at:])
        hidden = {key: "hidden" for key, _ in own if self.rng.random() < 0.3}
        whole = own + [("<<", {**hidden, **merged} if self.rng.random() < 0.6 else [merged, {**hidden, **merged}])]
        self.rng.shuffle(whole)
        return whole

    def double(self, text):
        return json.dumps(text, ensure_ascii=self.rng.random() < 0.5)

    def scalar(self, value, flow, key=False):
        rng = self.rng
        if key and value == "<<":
            return value
        if value is None:
            return rng.choice(NULLS[1:] if flow else NULLS)
        if isinstance(value, bool):
            word = "true" if value else "false"
            return rng.choice([word, word.capitalize(), word.upper()])
        if isinstance(value, int):
            return rng.choice([str(value), str(value), hex(value), f"+{value}"] if value > 0 else [str(value)])
        if isinstance(value, float):
            return rng.choice([str(value), f"{value:.3f}", f"{value:e}"])
        ways = [self.double]
        if "\n" not in value:
            ways.append(lambda text: "'" + text.replace("'", "''") + "'")
            if PLAIN.fullmatch(value) and not SPECIAL.match(value) and (not flow or ":" not in value):
                ways += [lambda text: text] * 3
            elif re.fullmatch(r"[\w.+]+", value) and not key:
                ways.append(lambda text: f"!!str {text}")
        return rng.choice(ways)(value)

    def literal(self, value, indent):
        """A block scalar, where one can say this text."""
        pad = " " * (indent + self.step)
        if not isinstance(value, str) or not value or value != value.strip(" \n") + ("\n" if value.endswith("\n") else "") \
                or re.search(r"^[ \t]|\n[ \t\n]*$(?!\Z)|[ \t]\n", value) and not value.endswith("\n") or value == "\n":
            return None
        chomp = "" if value.endswith("\n") else "-"
        body = value[:-1] if value.endswith("\n") else value
        if body.endswith("\n") or "\n " in body:
            return None
        style = "|" if "\n" in body else self.rng.choice("|>")
        return f" {style}{chomp}\n" + "".join(f"{pad}{line}\n" if line else "\n" for line in body.split("\n"))

    def named(self, value):
        """(anchor to write, alias instead): either may be None."""
        said = json.dumps(value, sort_keys=False)
        if not self.aliased or value in (None, {}, []):
            return None, None
        if said in self.anchors and self.rng.random() < 0.7:
            return None, self.anchors[said]
        if self.rng.random() < 0.2:
            self.n_anchors += 1
            return (said, f"n{self.n_anchors}"), None
        return None, None

    def remember(self, anchor):
        """Only behind its node: nothing may refer to what it stands in."""
        if anchor:
            self.anchors[anchor[0]] = anchor[1]

    def flow(self, value):
        anchor, alias = self.named(value)
        if alias:
            return f"*{alias} "
        head = f"&{anchor[1]} " if anchor else ""
        gap = self.rng.choice(["", " "])
        if isinstance(value, dict):
            parts = [f"{self.scalar(key, True, True)}: {self.flow(part)}" for key, part in self.entries(value)]
            text = "{" + gap + ", ".join(parts) + gap + "}"
        elif isinstance(value, list):
            text = "[" + gap + ", ".join(self.flow(part) for part in value) + gap + "]"
        else:
            text = self.scalar(value, True)
        self.remember(anchor)
        return head + text

    def comment(self):
        return self.rng.choice(["", "", "", "  # why"])

    def value(self, value, indent):
        """What stands behind a key's colon or an item's dash, with the end of its line."""
        if isinstance(value, (dict, list)) and (not value or self.rng.random() < self.flow_share):
            return f" {self.flow(value)}{self.comment()}\n"
        anchor, alias = self.named(value)
        if alias:
            return f" *{alias}{self.comment()}\n"
        head = f" &{anchor[1]}" if anchor else ""
        if isinstance(value, (dict, list)):
            text = f"{head}{self.comment()}\n{self.block(value, indent)}"
        else:
            text = self.literal(value, indent - self.step) if self.rng.random() < 0.4 else None
            text = head + (text or f" {self.scalar(value, False)}{self.comment()}\n")
        self.remember(anchor)
        return text

    def block(self, value, indent):
        pad, made = " " * indent, []
        if isinstance(value, list):
            for part in value:
                if isinstance(part, dict) and part and self.rng.random() < 0.5:
                    inner = self.block(part, indent + 2)
                    made.append(f"{pad}- {inner[indent + 2:]}")
                else:
                    made.append(f"{pad}-{self.value(part, indent + self.step)}")
            return "".join(made)
        for key, part in self.entries(value):
            if self.rng.random() < 0.05:
                made.append(f"{pad}# about it\n\n")
            below = indent if isinstance(part, list) and self.rng.random() < 0.3 else indent + self.step
            said = self.scalar(key, False, True)
            if self.rng.random() < 0.02:
                made.append(f"{pad}? {said}\n{pad}:{self.value(part, indent + self.step)}")
            else:
                made.append(f"{pad}{said}:{self.value(part, below)}")
        return "".join(made)


def texts(rng, fleet, folder, mark):
    """One way to write the fleet down: the texts of one to three files. What these name is written into the folder."""
    documents = [elsewhere(rng, fleet.way(rng), folder, mark)]
    while len(documents) < 3 and rng.random() < 0.4:
        documents[-1:] = split(rng, documents[-1])
    return [Writer(rng).text(document) for document in documents if document]
