/* SPDX-License-Identifier: MIT */
#include "spec_fixture.h"

#include <errno.h>

#include "base/clock.h"

static void canonical_forms(void **state)
{
    static const struct {
        const char *json, *canonical;
    } rows[] = {
        {"{}", "{}"},
        {"{'image': 'busybox'}", "{}"},
        {"{'x-anything': {'a': [1]}}", "{}"},

        {"{'command': 'sleep `a b` c\\\\ d'}", "{'command':['sleep','a b','c d']}"},
        {"{'command': ['a', '', 'b c']}", "{'command':['a','','b c']}"},
        {"{'command': null}", "{}"},
        {"{'command': []}", "{'command':[]}"},
        {"{'command': '  '}", "{'command':[]}"},
        {"{'entrypoint': 'sh -c', 'command': ['x']}", "{'command':['x'],'entrypoint':['sh','-c']}"},
        {"{'entrypoint': null}", "{}"},
        {"{'entrypoint': ''}", "{'entrypoint':[]}"},

        {"{'environment': ['B=1', 'A', 'B=2=3', 'C=']}",
         "{'environment':{'A':null,'B':'2=3','C':''}}"},
        {"{'environment': {'B': 5, 'A': true, 'C': 1.5, 'D': null, 'E': 'x', 'F': 10000000.0, 'G': "
         "-0.001}}",
         "{'environment':{'A':'true','B':'5','C':'1.5','D':null,'E':'x','F':'10000000','G':'-0.001'"
         "}}"},
        {"{'environment': {}}", "{}"},
        {"{'environment': null}", "{}"},
        {"{'labels': ['b', 'a=1=2']}", "{'labels':{'a':'1=2','b':''}}"},
        {"{'labels': {'b': null, 'a': 1, 'c': false}}", "{'labels':{'a':'1','b':'','c':'false'}}"},

        {"{'ports': [80, '81', '8080:80', '127.0.0.1:8080:82/UDP', '[::0001]:1:2/sctp', "
         "'127.0.0.1::83']}",
         "{'ports':['80-81','8080:80','127.0.0.1::83','127.0.0.1:8080:82/udp','[::1]:1:2/sctp']}"},
        {"{'ports': ['8000-8002:80-82', '8003:83']}", "{'ports':['8000-8003:80-83']}"},
        {"{'ports': ['8000-8010:80', '0:81', '127.0.0.1:0:82']}",
         "{'ports':['81','8000-8010:80','127.0.0.1::82']}"},
        {"{'ports': ['8001:81', '8000:80', '8001:81/udp']}",
         "{'ports':['8000-8001:80-81','8001:81/udp']}"},
        {"{'ports': ['8000:80', '8000:81/udp', '127.0.0.1:1:80', '127.0.0.2:1:80']}",
         "{'ports':['8000:80','127.0.0.1:1:80','127.0.0.2:1:80','8000:81/udp']}"},
        {"{'ports': [{'target': 80}, {'target': '81', 'published': 8081, 'protocol': 'udp', "
         "'mode': 'host'},"
         "{'target': 82, 'published': '8082', 'host_ip': '::1'}, {'target': 83, 'host_ip': "
         "'127.0.0.1'}]}",
         "{'ports':['80','127.0.0.1::83','[::1]:8082:82','8081:81/udp']}"},
        {"{'ports': ['0.0.0.0:80:80', '[::]:80:80', '80:80/udp', '1.1.1.1:81:80', "
         "'1.1.1.2:81:80']}",
         "{'ports':['0.0.0.0:80:80','1.1.1.1:81:80','1.1.1.2:81:80','[::]:80:80','80:80/udp']}"},
        {"{'ports': []}", "{}"},

        {"{'volumes': ['b:/y//z/./', '/h/../i:/x:rw', '/a:/w:z,ro,z', '/v']}",
         "{'volumes':['/v','/a:/w:ro,z','/i:/x','b:/y/z']}"},
        {"{'volumes': [{'type': 'volume', 'source': 'd', 'target': '/d', 'read_only': true, "
         "'volume': {'nocopy': true}},"
         "{'type': 'bind', 'source': '/s', 'target': '/t', 'bind': {'propagation': 'rslave', "
         "'create_host_path': true}},"
         "{'type': 'volume', 'target': '/u'}]}",
         "{'volumes':['d:/d:nocopy,ro','/s:/t:rslave','/u']}"},
        {"{'tmpfs': '/run/'}", "{'tmpfs':['/run']}"},
        {"{'tmpfs': ['/tmp:size=1m,noexec', '/run']}", "{'tmpfs':['/run','/tmp:size=1m,noexec']}"},

        {"{'networks': ['b', 'a']}", "{'networks':['a','b']}"},
        {"{'networks': {'b': null, 'a': {}}}", "{'networks':['a','b']}"},
        {"{'networks': {'b': null, 'a': {'aliases': ['y', 'x', 'y']}}}",
         "{'networks':{'a':{'aliases':['x','y']},'b':null}}"},
        {"{'networks': {'b': {'aliases': []}}}", "{'networks':['b']}"},
        {"{'networks': []}", "{}"},
        {"{'network_mode': 'host'}", "{'network_mode':'host'}"},
        {"{'network_mode': 'bridge', 'ports': [80]}", "{'network_mode':'bridge','ports':['80']}"},

        {"{'hostname': 'a.b', 'user': 1000, 'working_dir': '/a//b/'}",
         "{'hostname':'a.b','user':'1000','working_dir':'/a/b'}"},
        {"{'read_only': 'yes', 'init': false}", "{'init':false,'read_only':true}"},
        {"{'mem_limit': 67108864}", "{'mem_limit':'64m'}"},
        {"{'mem_limit': '65536kb'}", "{'mem_limit':'64m'}"},
        {"{'mem_limit': '2048m'}", "{'mem_limit':'2g'}"},
        {"{'mem_limit': 8388609}", "{'mem_limit':'8388609b'}"},
        {"{'mem_limit': 0}", "{'mem_limit':'0b'}"},
        {"{'cpus': 0.50}", "{'cpus':'0.5'}"},
        {"{'cpus': '.5'}", "{'cpus':'0.5'}"},
        {"{'cpus': 2}", "{'cpus':'2'}"},
        {"{'cpus': '2.000'}", "{'cpus':'2'}"},
        {"{'pids_limit': '-1'}", "{'pids_limit':-1}"},
        {"{'stop_signal': 'int', 'stop_grace_period': '90s'}",
         "{'stop_grace_period':'1m30s','stop_signal':'SIGINT'}"},
        {"{'stop_signal': 'sigrtmin+3'}", "{'stop_signal':'SIGRTMIN+3'}"},
        {"{'stop_signal': 9}", "{'stop_signal':'9'}"},
        {"{'container_name': 'x.y', 'restart': 'on-failure:3'}",
         "{'container_name':'x.y','restart':'on-failure:3'}"},
        {"{'restart': false}", "{'restart':'no'}"},

        {"{'healthcheck': {'test': 'exit 0', 'interval': '60s', 'retries': '3'}}",
         "{'healthcheck':{'interval':'1m','retries':3,'test':['CMD-SHELL','exit 0']}}"},
        {"{'healthcheck': {'test': ['CMD', 'a', 'b c']}}",
         "{'healthcheck':{'test':['CMD','a','b c']}}"},
        {"{'healthcheck': {'test': ['NONE'], 'interval': '1s'}}",
         "{'healthcheck':{'test':['NONE']}}"},
        {"{'healthcheck': {'disable': true}}", "{'healthcheck':{'test':['NONE']}}"},
        {"{'healthcheck': {'test': 'x', 'disable': false}}",
         "{'healthcheck':{'test':['CMD-SHELL','x']}}"},
        {"{'healthcheck': {}}", "{}"},

        {"{'depends_on': ['b', 'a']}", "{'depends_on':{'a':{'condition':'service_started'},'b':{'"
                                       "condition':'service_started'}}}"},
        {"{'depends_on': {'a': {'condition': 'service_healthy', 'restart': false, 'required': "
         "false}}}",
         "{'depends_on':{'a':{'condition':'service_healthy','required':false}}}"},
        {"{'depends_on': {'a': {'required': true, 'restart': false}}}",
         "{'depends_on':{'a':{'condition':'service_started'}}}"},
        {"{'depends_on': {'a': {'restart': 'yes'}}}",
         "{'depends_on':{'a':{'condition':'service_started','restart':true}}}"},

        {"{'x-roost': {'ready': {'tcp': '80'}, 'ready_timeout': '120s', 'sleep': 'pause', "
         "'stop_after': '60m',"
         "'on_unhealthy': 'restart', 'follow_image': true}}",
         "{'x-roost':{'follow_image':true,'on_unhealthy':'restart','ready':{'tcp':80},'ready_"
         "timeout':'2m',"
         "'sleep':'pause','stop_after':'1h'}}"},
        {"{'x-roost': {'ready': {'http': {'port': 80, 'status': 204}}}}",
         "{'x-roost':{'ready':{'http':{'path':'/','port':80,'status':204}}}}"},
        {"{'x-roost': {}}", "{}"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].json);
        _cleanup_(buf_close) struct buf text = BUF_INIT(SPEC_JSON_MAX),
                                        again = BUF_INIT(SPEC_JSON_MAX);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json), *second = NULL;
        canonical_of(spec, false, &text);
        assert_string_equal(buf_text(&text), json_of(rows[i].canonical));
        /* It reads back as itself. */
        assert_int_equal(spec_parse(buf_text(&text), "busybox", &second, NULL), 0);
        canonical_of(second, false, &again);
        assert_string_equal(buf_text(&again), buf_text(&text));
    }
}

/* Each says where, what, and how to mend it. */
static void errors(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"{'comand': 'x'}", "spec.comand: unknown key; did you mean \"command\"?"},
        {"{'zzzzzz': 1}", "spec.zzzzzz: unknown key; remove it"},
        {"{'a\\u001b[31m': 1}", "spec.a\\x1b[31m: unknown key; remove it"},
        {"{'build': 5}", "spec.build: expected text or a map, found a number"},
        {"{'platform': ''}",
         "spec.platform: \"\" is no platform; write \"linux/amd64\" or \"linux/arm/v7\""},
        {"{'platform': 'linux//v7'}",
         "spec.platform: \"linux//v7\" is no platform; write \"linux/amd64\" or \"linux/arm/v7\""},
        {"{'platform': 'linux/'}",
         "spec.platform: \"linux/\" is no platform; write \"linux/amd64\" or \"linux/arm/v7\""},
        {"{'platform': 'a/b/c/d'}",
         "spec.platform: \"a/b/c/d\" is no platform; write \"linux/amd64\" or \"linux/arm/v7\""},
        {"{'platform': 'linux/arm&x=y'}", "spec.platform: \"linux/arm&x=y\" is no platform; write "
                                          "\"linux/amd64\" or \"linux/arm/v7\""},
        {"{'pull_policy': 'sometimes'}",
         "spec.pull_policy: expected missing, if_not_present, always, never, build, daily, weekly "
         "or every_<duration>, found \"sometimes\""},
        {"{'pull_policy': 'every_'}",
         "spec.pull_policy: \"every_\" is no time; write it like every_12h or every_2d"},
        {"{'pull_policy': 'every_<duration>'}",
         "spec.pull_policy: \"every_<duration>\" is no time; write it like every_12h or every_2d"},
        {"{'pull_policy': 'every_0s'}",
         "spec.pull_policy: \"every_0s\" is no time; write it like every_12h or every_2d"},

        {"{'profiles': []}",
         "spec.profiles: only a compose file may have it: apply reads it, and a "
         "row has what comes of it"},
        {"{'develop': {}}",
         "spec.develop: it has no effect here: `docker compose watch` carries it "
         "out; roost watches no sources; remove it"},
        {"{'cpu_count': 2}", "spec.cpu_count: not carried out: only Windows counts so; write cpus"},
        {"{'image': 'other'}",
         "spec.image: it is a column of the row, and that says otherwise; set the column"},
        {"[]", "spec: expected a map of keys, found a list"},
        {"'x'", "spec: not valid JSON, at line 1, column 3"},
        {"", "spec: the JSON ends too early, at line 1, column 0"},
        {"{'user': 'a', 'user': 'b'}",
         "spec: a key stands twice in the JSON near '\"user\"', at line 1, column 20"},
        {"{'user': 'a\\u0000b'}", "spec: a NUL character in a text, at line 1, column 19"},
        {"{'user': 1e999}", "spec: a number is too large, at line 1, column 14"},
        {"{'x-a': [[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}",
         "spec.x-a[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]: nested deeper than 16 levels"},

        {"{'command': 5}", "spec.command: expected text or a list, found a number"},
        {"{'command': ['sleep', 5]}", "spec.command[1]: expected text (in quotes), found a number"},
        {"{'command': 'a `b'}",
         "spec.command: cannot split it into words: a quote or bracket is not closed; "
         "write a list, or [\"sh\", \"-c\", \"…\"] for a shell"},
        {"{'command': 'a && b'}",
         "spec.command: cannot split it into words: no shell runs it, so an operator (; & | < >) "
         "outside of "
         "quotes means nothing; write a list, or [\"sh\", \"-c\", \"…\"] for a shell"},
        {"{'environment': 5}", "spec.environment: expected a map or a list, found a number"},
        {"{'environment': {'A': []}}", "spec.environment.A: expected text, found a list"},
        {"{'environment': {'A=': '1'}}",
         "spec.environment.A=: the name of a variable has a \"=\" in it"},
        {"{'environment': {'': '1'}}", "spec.environment.: a variable has no name"},
        {"{'environment': ['=x']}",
         "spec.environment[0]: a variable has no name; write \"name=value\""},
        {"{'environment': [5]}",
         "spec.environment[0]: expected text \"name=value\", found a number"},
        {"{'labels': {'roost.agent': 'x'}}",
         "spec.labels.roost.agent: labels that begin with \"roost.\" are "
         "reserved; choose another name"},
        {"{'labels': ['com.docker.compose.project=x']}",
         "spec.labels.com.docker.compose.project: labels that begin with \"com.docker.compose.\" "
         "are reserved; "
         "choose another name"},

        {"{'ports': '80'}", "spec.ports: expected a list, found text"},
        {"{'ports': ['80/xx']}", "spec.ports[0]: unknown protocol \"xx\"; it is tcp, udp or sctp"},
        {"{'ports': ['80', true]}",
         "spec.ports[1]: expected text such as \"8080:80\", a number or a map, found true"},
        {"{'ports': ['65536']}", "spec.ports[0]: \"65536\" is no port of the container; give 1 to "
                                 "65535 or a range \"80-90\""},
        {"{'ports': [0]}",
         "spec.ports[0]: \"0\" is no port of the container; give 1 to 65535 or a range \"80-90\""},
        {"{'ports': ['99999999999999999999:80']}", "spec.ports[0]: \"99999999999999999999\" is no "
                                                   "port of the host; give 1 to 65535 or a range "
                                                   "\"8000-8010\""},
        {"{'ports': ['80:']}",
         "spec.ports[0]: \"\" is no port of the container; give 1 to 65535 or a range "
         "\"80-90\""},
        {"{'ports': [':80']}",
         "spec.ports[0]: \"\" is no port of the host; give 1 to 65535 or a range \"8000-8010\""},
        {"{'ports': ['90-80']}",
         "spec.ports[0]: \"90-80\" is no port of the container; give 1 to 65535 or a "
         "range \"80-90\""},
        {"{'ports': ['0-5:80']}", "spec.ports[0]: a range of ports cannot begin with 0"},
        {"{'ports': ['8000-8001:80-82']}",
         "spec.ports[0]: 2 ports of the host for 3 of the container; make the ranges equally long"},
        {"{'ports': ['8000:80-82']}",
         "spec.ports[0]: 1 ports of the host for 3 of the container; make the ranges equally long"},
        {"{'ports': ['localhost:80:80']}",
         "spec.ports[0]: \"localhost\" is no address of the host; give "
         "\"127.0.0.1\" or \"[::1]\""},
        {"{'ports': ['::1:80:80']}",
         "spec.ports[0]: \"::1\" is no address of the host; give \"127.0.0.1\" or \"[::1]\""},
        {"{'ports': ['80:81', '80:82']}",
         "spec.ports[1]: publishes port 80/tcp of the host, as ports[0] does already; remove one"},
        {"{'ports': ['127.0.0.1:80:81', '79-81:82-84']}",
         "spec.ports[1]: publishes port 80/tcp of the host, as ports[0] does already; remove one"},
        {"{'ports': ['[::2]:80:81', '1.2.3.4:80:81', '[::]:80:81']}",
         "spec.ports[2]: publishes port 80/tcp of the host, as ports[0] does already; remove one"},
        {"{'ports': ['[2001::2]:80:81', '[::]:80:81']}",
         "spec.ports[1]: publishes port 80/tcp of the host, as ports[0] does already; remove one"},
        {"{'ports': ['1.1.1.1:80:81', '[::1]:80:81', '80:81']}",
         "spec.ports[2]: publishes port 80/tcp of the host, as ports[0] does already; remove one"},
        {"{'ports': ['[::1]:80:81', '80:81']}",
         "spec.ports[1]: publishes port 80/tcp of the host, as ports[0] does already; remove one"},
        {"{'ports': ['80', 80]}",
         "spec.ports[1]: port 80/tcp stands in ports[0] already; remove one"},
        {"{'ports': [{'published': 80}]}",
         "spec.ports[0]: the target is missing; write {target: 80}"},
        {"{'ports': [{'target': 80, 'publish': 80}]}",
         "spec.ports[0].publish: unknown key; did you mean \"published\"?"},
        {"{'ports': [{'target': '80/udp'}]}", "spec.ports[0].target: \"80/udp\" is not right here"},
        {"{'ports': [{'target': []}]}", "spec.ports[0].target: expected a port, found a list"},
        {"{'ports': ['1-65535', '1-65535/udp']}",
         "spec.ports[1]: more than 65536 ports; publish fewer"},

        {"{'volumes': '/x'}", "spec.volumes: expected a list, found text"},
        {"{'volumes': ['./x:/y']}",
         "spec.volumes[0]: \"./x\" is relative, and a row has no folder that it "
         "could be relative to; give the absolute path"},
        {"{'volumes': ['~/x:/y']}",
         "spec.volumes[0]: \"~/x\" is relative, and a row has no folder that it "
         "could be relative to; give the absolute path"},
        {"{'volumes': ['x']}",
         "spec.volumes[0]: the path in the container, \"x\", is not absolute; begin it "
         "with \"/\""},
        {"{'volumes': ['x:/']}",
         "spec.volumes[0]: nothing can be mounted over \"/\" of the container; name a "
         "folder below it"},
        {"{'volumes': ['x y:/z']}",
         "spec.volumes[0]: \"x y\" is no name of a volume; use letters, digits, "
         "\"_\", \".\" and \"-\""},
        {"{'volumes': ['x:/z:rx']}",
         "spec.volumes[0]: unknown option \"rx\"; ro, rw, z, Z, nocopy and the "
         "propagation of a mount are known"},
        {"{'volumes': ['x:/z:ro,rw']}", "spec.volumes[0]: \"rw\" contradicts \"ro\"; remove one"},
        {"{'volumes': ['x:/z:rshared']}",
         "spec.volumes[0]: \"rshared\" does not go with a volume; remove it"},
        {"{'volumes': ['/x:/z:nocopy']}",
         "spec.volumes[0]: \"nocopy\" does not go with a folder of the host; remove it"},
        {"{'volumes': ['a:/x:ro:z']}",
         "spec.volumes[0]: too many colons; write \"source:/path:mode\""},
        {"{'volumes': ['a:/x', '/b:/x/']}",
         "spec.volumes[1]: volumes[0] mounts something at /x already; remove one"},
        {"{'tmpfs': '/x', 'volumes': ['/x']}",
         "spec.volumes[0]: tmpfs[0] mounts something at /x already; remove one"},
        {"{'tmpfs': '/x:big'}",
         "spec.tmpfs[0]: unknown option \"big\" of a tmpfs; size=, mode=, uid=, gid=, "
         "noexec, … are known"},
        {"{'volumes': [{'type': 'bind', 'source': 'x', 'target': '/y'}]}",
         "spec.volumes[0]: the source of a bind is an absolute path of the host; write {source: "
         "/path}"},
        {"{'volumes': [{'type': 'tmpfs', 'target': '/y'}]}",
         "spec.volumes[0].type: \"tmpfs\": a row has it under the key tmpfs"},
        {"{'volumes': [{'type': 'image', 'source': 'x', 'target': '/y'}]}",
         "spec.volumes[0].type: \"image\": it needs Docker 28, whose API roost does not speak; "
         "copy "
         "the files into a volume"},
        {"{'volumes': [{'type': 'volume', 'source': 'x', 'target': '/y', 'volume': {'subpath': "
         "'a'}}]}",
         "spec.volumes[0].volume.subpath: not carried out: it needs Docker 26; mount the whole "
         "volume"},
        {"{'volumes': [{'type': 'volume', 'target': '/y', 'bind': {'propagation': 'x'}}]}",
         "spec.volumes[0].bind.propagation: expected shared, rshared, slave, rslave, private or "
         "rprivate, "
         "found \"x\""},
        {"{'volumes': [{'type': 'bind', 'source': '/x', 'target': '/y', 'bind': "
         "{'create_host_path': false}}]}",
         "spec.volumes[0].bind.create_host_path: not carried out: a folder that is missing is "
         "made; remove it"},

        {"{'networks': 'a'}", "spec.networks: expected a list or a map, found text"},
        {"{'networks': ['a', 'a']}",
         "spec.networks[1]: network a stands twice in the list; remove one"},
        {"{'networks': ['a b']}",
         "spec.networks[0]: \"a b\" is no name of a network; use letters, digits, "
         "\"_\", \".\" and \"-\""},
        {"{'networks': {'a': {'ipv4_address': '::1'}}}",
         "spec.networks.a.ipv4_address: \"::1\" is no address of IPv4"},
        {"{'networks': {'a': {'gw_priority': 1}}}",
         "spec.networks.a.gw_priority: it needs Docker 28, whose API roost does not speak; remove "
         "it"},
        {"{'mac_address': '02:42'}",
         "spec.mac_address: \"02:42\" is no hardware address; write \"02:42:ac:11:00:02\""},
        {"{'networks': {'a': {'alias': []}}}",
         "spec.networks.a.alias: unknown key; did you mean \"aliases\"?"},
        {"{'network_mode': 'demo_default'}",
         "spec.network_mode: expected bridge, host, none, service:NAME or container:NAME, found "
         "\"demo_default\""},
        {"{'network_mode': 'service:a b'}", "spec.network_mode: \"a b\" is no name of a service"},
        {"{'network_mode': 'container:'}", "spec.network_mode: \"\" is no name of a container"},
        {"{'network_mode': 'service:db', 'ports': [80]}",
         "spec.ports: with network_mode: service:db no port can be published; remove one"},
        {"{'uts': 'service:db'}", "spec.uts: expected host, found \"service:db\""},
        {"{'network_mode': 'host', 'networks': ['a']}",
         "spec.network_mode: it cannot stand beside networks; remove one"},
        {"{'network_mode': 'host', 'ports': [80]}",
         "spec.ports: with network_mode: host no port can be published; remove one"},

        {"{'hostname': 'a b'}",
         "spec.hostname: \"a b\" is no name of a host; use at most 63 letters, digits, "
         "\"-\" and \".\""},
        {"{'user': '-x'}",
         "spec.user: \"-x\" is no user; write \"name\", \"1000\" or \"1000:1000\""},
        {"{'working_dir': 'x'}", "spec.working_dir: \"x\" is not absolute; begin it with \"/\""},
        {"{'read_only': 1}", "spec.read_only: expected true or false, found a number"},
        {"{'init': 'maybe'}", "spec.init: expected true or false, found \"maybe\""},
        {"{'mem_limit': '1q'}",
         "spec.mem_limit: expected a size such as \"64m\" or a number of bytes, found \"1q\""},
        {"{'mem_limit': '5m'}",
         "spec.mem_limit: less than the 6m that the engine asks for at least; 0 is no limit"},
        {"{'mem_limit': -1}", "spec.mem_limit: -1 is out of range; give 0 to 9223372036854775807"},
        {"{'mem_limit': '99999999999g'}", "spec.mem_limit: \"99999999999g\" is too large"},
        {"{'cpus': 'x'}", "spec.cpus: \"x\" is no number of CPUs; write 0.5 or 2"},
        {"{'cpus': -1}", "spec.cpus: \"-1\" is no number of CPUs; write 0.5 or 2"},
        {"{'cpus': '0.0000000001'}",
         "spec.cpus: \"0.0000000001\" is no number of CPUs; write 0.5 or 2"},
        {"{'pids_limit': 1.5}", "spec.pids_limit: expected a whole number, found a fraction"},
        {"{'stop_signal': 'SIGFOO'}",
         "spec.stop_signal: \"SIGFOO\" is no signal; write SIGTERM, SIGINT, SIGQUIT, …"},
        {"{'stop_signal': 65}",
         "spec.stop_signal: \"65\" is no signal; write SIGTERM, SIGINT, SIGQUIT, …"},
        {"{'stop_signal': 'SIGRTMIN+99'}",
         "spec.stop_signal: \"SIGRTMIN+99\" is no signal; write SIGTERM, SIGINT, SIGQUIT, …"},
        {"{'stop_grace_period': 10}", "spec.stop_grace_period: expected a duration such as \"90s\" "
                                      "or \"1h30m\", found a number"},
        {"{'stop_grace_period': '10'}",
         "spec.stop_grace_period: expected a duration such as \"90s\" or \"1h30m\", found \"10\""},
        {"{'stop_grace_period': '9999999999s'}",
         "spec.stop_grace_period: \"9999999999s\" is too long a time"},
        {"{'container_name': 'a'}", "spec.container_name: \"a\" is no name of a container; use two "
                                    "or more letters, digits, \"_\", \".\" "
                                    "and \"-\", no \"..\""},
        {"{'container_name': 'a..new'}", "spec.container_name: \"a..new\" is no name of a "
                                         "container; use two or more letters, digits, \"_\", "
                                         "\".\" and \"-\", no \"..\""},
        {"{'restart': 'sometimes'}",
         "spec.restart: expected no, always, unless-stopped or on-failure, found \"sometimes\""},
        {"{'restart': 'on-failure:x'}",
         "spec.restart: expected a number of attempts behind \"on-failure:\""},

        {"{'healthcheck': 'x'}", "spec.healthcheck: expected a map, found text"},
        {"{'healthcheck': {'tests': 'x'}}",
         "spec.healthcheck.tests: unknown key; did you mean \"test\"?"},
        {"{'cap_add': ['NET ADMIN']}",
         "spec.cap_add[0]: \"NET ADMIN\" is no capability; write NET_ADMIN, SYS_TIME, …, or ALL"},
        {"{'security_opt': ['seccomp=profile.json']}",
         "spec.security_opt[0]: a profile in a file is read by apply; a row has no files: write "
         "its "
         "text, seccomp={…}"},
        {"{'expose': ['0']}",
         "spec.expose[0]: \"0\" is no port; write \"80\", \"80-90\" or \"53/udp\""},
        {"{'sysctls': ['a']}", "spec.sysctls[0]: \"a\" is no \"name=value\""},
        {"{'logging': {'drivers': 'x'}}",
         "spec.logging.drivers: unknown key; did you mean \"driver\"?"},
        {"{'logging': {'drivers': null}}",
         "spec.logging.drivers: unknown key; did you mean \"driver\"?"},
        {"{'extra_hosts': ['a:b']}", "spec.extra_hosts[0]: \"b\" is no address; write "
                                     "\"name:192.0.2.1\" or host-gateway"},
        {"{'extra_hosts': {'a': 5}}",
         "spec.extra_hosts.a: expected an address or a list, found a number"},
        {"{'oom_score_adj': 1001}", "spec.oom_score_adj: 1001 is out of range; give -1000 to 1000"},
        {"{'cpuset': 'all'}", "spec.cpuset: \"all\" is no set of CPUs; write \"0-3\" or \"0,2\""},
        {"{'ulimits': {'nofile': {'soft': 2, 'hard': 1}}}",
         "spec.ulimits.nofile: soft is above hard"},
        {"{'ulimits': {'nofile': {'soft': 2}}}",
         "spec.ulimits.nofile: both are needed: {soft: 1024, hard: 2048}"},
        {"{'ulimits': {'files': 5}}",
         "spec.ulimits.files: there is no such limit; nofile, nproc, memlock, core, … are"},
        {"{'devices': ['ttyUSB0']}",
         "spec.devices[0]: \"ttyUSB0\" is not absolute; write \"/dev/ttyUSB0\""},
        {"{'devices': ['/dev/a:/dev/b:x']}",
         "spec.devices[0]: \"x\" is no permission; write r, w, m or several of them"},
        {"{'devices': ['nvidia.com/gpu=0']}",
         "spec.devices[0]: a CDI device (\"nvidia.com/gpu=0\") needs an engine set up for it, "
         "which "
         "roost cannot see to; write gpus, or the device's path"},
        {"{'device_cgroup_rules': ['c 1:3']}",
         "spec.device_cgroup_rules[0]: \"c 1:3\" is no rule for devices; write \"c 188:* rmw\""},
        {"{'gpus': [{'count': 1, 'device_ids': ['0']}]}",
         "spec.gpus[0]: count and device_ids exclude each other; remove one"},
        {"{'blkio_config': {'weight': 5}}",
         "spec.blkio_config.weight: give 10 to 1000, or 0 for none"},
        {"{'blkio_config': {'device_read_bps': [{'path': '/dev/a'}]}}",
         "spec.blkio_config.device_read_bps[0]: both are needed: {path: /dev/sda, rate: …}"},
        {"{'cap_add': [5]}",
         "spec.cap_add[0]: expected a capability such as NET_ADMIN, found a number"},
        {"{'cap_add': {'a': 'b'}}", "spec.cap_add: expected a list, found a map"},
        {"{'cap_add': ['']}",
         "spec.cap_add[0]: \"\" is no capability; write NET_ADMIN, SYS_TIME, …, or ALL"},
        {"{'cap_add': ['AN_ENDLESS_NAME_OF_A_CAPABILITY_X']}",
         "spec.cap_add[0]: \"AN_ENDLESS_NAME_OF_A_CAPABILITY_X\" is no capability; write "
         "NET_ADMIN, SYS_TIME, …, or ALL"},
        {"{'dns_search': [true]}", "spec.dns_search[0]: expected text, found true"},
        {"{'group_add': ['']}",
         "spec.group_add[0]: an empty text, or one of several lines, means nothing here"},
        {"{'group_add': ['a\\nb']}",
         "spec.group_add[0]: an empty text, or one of several lines, means nothing here"},
        {"{'security_opt': [5]}",
         "spec.security_opt[0]: expected text such as \"no-new-privileges:true\", found a number"},
        {"{'expose': [true]}", "spec.expose[0]: expected text, found true"},
        {"{'expose': ['90-80']}",
         "spec.expose[0]: \"90-80\" is no port; write \"80\", \"80-90\" or \"53/udp\""},
        {"{'expose': ['80/icmp']}",
         "spec.expose[0]: \"80/icmp\" is no port; write \"80\", \"80-90\" or \"53/udp\""},
        {"{'expose': ['65536']}",
         "spec.expose[0]: \"65536\" is no port; write \"80\", \"80-90\" or \"53/udp\""},
        {"{'sysctls': 5}", "spec.sysctls: expected a map or a list, found a number"},
        {"{'sysctls': [5]}", "spec.sysctls[0]: expected text \"name=value\", found a number"},
        {"{'sysctls': ['=b']}", "spec.sysctls[0]: \"=b\" is no \"name=value\""},
        {"{'sysctls': {'a': []}}", "spec.sysctls.a: expected text, found a list"},
        {"{'sysctls': {'': 'a'}}", "spec.sysctls.: a name is empty"},
        {"{'logging': {'driver': []}}", "spec.logging.driver: expected text, found a list"},
        {"{'devices': [5]}",
         "spec.devices[0]: expected text such as \"/dev/ttyUSB0\", found a number"},
        {"{'devices': ['/a:/b:r:w']}",
         "spec.devices[0]: too many colons; write \"/dev/host:/dev/container:rwm\""},
        {"{'devices': ['/a:r:w']}", "spec.devices[0]: the device in the container is no path"},
        {"{'devices': [{'source': '/a', 'path': '/b'}]}",
         "spec.devices[0].path: unknown key; known are: source, target, permissions"},
        {"{'devices': [{'source': '/a', 'target': '/b:c'}]}",
         "spec.devices[0].target: no colon can stand here"},
        {"{'devices': [{'source': '/a', 'permissions': 5}]}",
         "spec.devices[0].permissions: expected text, found a number"},
        {"{'devices': [{'target': '/a'}]}",
         "spec.devices[0]: the source is missing; write {source: /dev/ttyUSB0}"},
        {"{'devices': [{'source': '/a', 'permissions': ''}]}",
         "spec.devices[0]: \"\" is no permission; write r, w, m or several of them"},
        {"{'device_cgroup_rules': [5]}",
         "spec.device_cgroup_rules[0]: expected text such as \"c 188:* rmw\", found a number"},
        {"{'gpus': 5}", "spec.gpus: expected \"all\" or a list, found a number"},
        {"{'gpus': 'some'}", "spec.gpus: expected \"all\" or a list, found text"},
        {"{'gpus': [{'count': 'some'}]}",
         "spec.gpus[0].count: expected a whole number, found \"some\""},
        {"{'gpus': [{'device_ids': [[]]}]}",
         "spec.gpus[0].device_ids[0]: expected text, found a list"},
        {"{'blkio_config': 5}", "spec.blkio_config: expected a map, found a number"},
        {"{'blkio_config': {'wait': 5}}",
         "spec.blkio_config.wait: unknown key; known are: weight, weight_device, device_read_bps, "
         "device_read_iops, device_write_bps, device_write_iops"},
        {"{'blkio_config': {'weight': 1001}}",
         "spec.blkio_config.weight: 1001 is out of range; give 0 to 1000"},
        {"{'blkio_config': {'weight_device': 5}}",
         "spec.blkio_config.weight_device: expected a list, found a number"},
        {"{'blkio_config': {'weight_device': ['/dev/a']}}",
         "spec.blkio_config.weight_device[0]: expected a map, found text"},
        {"{'blkio_config': {'weight_device': [{'path': '/dev/a', 'weight': 5}]}}",
         "spec.blkio_config.weight_device[0].weight: 5 is out of range; give 10 to 1000"},
        {"{'blkio_config': {'weight_device': [{'path': '/dev/a', 'rate': 5}]}}",
         "spec.blkio_config.weight_device[0].rate: unknown key; known are: path, weight"},
        {"{'blkio_config': {'device_write_iops': [{'path': 'sda', 'rate': 5}]}}",
         "spec.blkio_config.device_write_iops[0].path: it is not absolute; write \"/dev/sda\""},
        {"{'blkio_config': {'device_write_iops': [{'path': '/dev/a', 'rate': -1}]}}",
         "spec.blkio_config.device_write_iops[0].rate: -1 is out of range; give 0 to "
         "9223372036854775807"},
        {"{'blkio_config': {'device_write_bps': [{'path': '/dev/a', 'rate': 'fast'}]}}",
         "spec.blkio_config.device_write_bps[0].rate: expected a size such as \"64m\" or a number "
         "of bytes, found \"fast\""},
        {"{'volumes_from': ['a:x']}", "spec.volumes_from[0]: \":x\" is neither :ro nor :rw"},
        {"{'links': ['a b']}", "spec.links[0]: \"a b\" is no name of a service"},
        {"{'healthcheck': {'test': []}}",
         "spec.healthcheck.test: the list is empty; write [\"CMD\", …], "
         "[\"CMD-SHELL\", \"…\"] or [\"NONE\"]"},
        {"{'healthcheck': {'test': ['curl', 'x']}}",
         "spec.healthcheck.test[0]: expected CMD, CMD-SHELL or NONE, found \"curl\""},
        {"{'healthcheck': {'test': ['CMD']}}",
         "spec.healthcheck.test: \"CMD\" needs a command behind it"},
        {"{'healthcheck': {'test': ['CMD-SHELL', 'a', 'b']}}",
         "spec.healthcheck.test: \"CMD-SHELL\" takes exactly one text, which the shell reads"},
        {"{'healthcheck': {'interval': '1us'}}", "spec.healthcheck.interval: shorter than 1ms"},
        {"{'healthcheck': {'retries': -1}}",
         "spec.healthcheck.retries: -1 is out of range; give 0 to 2147483647"},
        {"{'healthcheck': {'retries': 'many'}}",
         "spec.healthcheck.retries: expected a whole number, found \"many\""},

        {"{'depends_on': 'a'}", "spec.depends_on: expected a list or a map, found text"},
        {"{'depends_on': ['a b']}", "spec.depends_on[0]: \"a b\" is no name of an agent"},
        {"{'depends_on': {'a': {'condition': 'x'}}}",
         "spec.depends_on.a.condition: expected service_started, service_healthy or "
         "service_completed_successfully, found \"x\""},
        {"{'depends_on': {'a': {'conditions': 'x'}}}",
         "spec.depends_on.a.conditions: unknown key; did you mean \"condition\"?"},

        {"{'x-roost': 5}", "spec.x-roost: expected a map, found a number"},
        {"{'x-roost': {'lifecycle': 'hot'}}",
         "spec.x-roost.lifecycle: it is a column of the row, not part of its spec; set the column"},
        {"{'x-roost': {'idle_timeout': '1m'}}", "spec.x-roost.idle_timeout: it is a column of the "
                                                "row, not part of its spec; set the column"},
        {"{'x-roost': {'redy': 'x'}}", "spec.x-roost.redy: unknown key; did you mean \"ready\"?"},
        {"{'x-roost': {'ready': 'soon'}}", "spec.x-roost.ready: expected started, healthy, {tcp: "
                                           "PORT} or {http: {port: PORT, path: PATH}}, "
                                           "found \"soon\""},
        {"{'x-roost': {'ready': {'udp': 5}}}",
         "spec.x-roost.ready.udp: unknown key; known are: tcp, http"},
        {"{'x-roost': {'ready': {'tcp': 1, 'http': {'port': 1}}}}",
         "spec.x-roost.ready: expected exactly one of tcp and http"},
        {"{'x-roost': {'ready': {'tcp': 0}}}",
         "spec.x-roost.ready.tcp: 0 is out of range; give 1 to 65535"},
        {"{'x-roost': {'ready': {'http': {'path': '/'}}}}",
         "spec.x-roost.ready.http: the port is missing; write {port: 8080}"},
        {"{'x-roost': {'ready': {'http': {'port': 1, 'path': 'x'}}}}",
         "spec.x-roost.ready.http.path: a path begins with \"/\" and has no blanks"},
        {"{'x-roost': {'ready_timeout': '0s'}}",
         "spec.x-roost.ready_timeout: shorter than 1ms; remove it for the default"},
        {"{'x-roost': {'stop_after': '1h'}}",
         "spec.x-roost.stop_after: it goes only with sleep: pause; add that, or remove it"},
        {"{'x-roost': {'ready': 'healthy'}, 'healthcheck': {'disable': true}}",
         "spec.x-roost.ready: it would wait for a health check, which healthcheck switches off; "
         "remove one"},
        {"{'x-roost': {'ready': {'tcp': 1}}, 'network_mode': 'none'}",
         "spec.x-roost.ready: with network_mode: none there is no address to try; use started or "
         "healthy"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct spec *spec = NULL;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].json);
        assert_int_equal(spec_parse(json_of(rows[i].json), "busybox", &spec, &err), -EINVAL);
        assert_string_equal(err.text, rows[i].text);
        assert_int_equal(err.kind, ERROR_INVALID);
        assert_null(spec);
    }
}

static void images(void **state)
{
    static const struct {
        const char *image, *text;
    } rows[] = {
        {"busybox", ""},
        {"registry.example:5000/a/b_c:1.2-x@sha256:abc", ""},
        {NULL, "spec.image: an agent needs an image; name one"},
        {"", "spec.image: an agent needs an image; name one"},
        {"--privileged", "spec.image: \"--privileged\" is no name of an image; write \"name:tag\""},
        {"a b", "spec.image: \"a b\" is no name of an image; write \"name:tag\""},
        {"a\033", "spec.image: \"a\\x1b\" is no name of an image; write \"name:tag\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(spec_freep) struct spec *spec = NULL;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i].image ? rows[i].image : "NULL");
        assert_int_equal(spec_parse("{}", rows[i].image, &spec, &err),
                         rows[i].text[0] ? -EINVAL : 0);
        assert_string_equal(err.text, rows[i].text);
    }
}

/* Whatever is wrong with or beside it: a value of the environment is never told. */
static void secrets_stay_secret(void **state)
{
    static const char *const rows[] = {
        "{'environment': {'A': 'CANARY'",
        "{'environment': {'A': 'CANARY', 'A': 'CANARY'}}",
        "{'environment': {'A': 'CANARY' 'B': 1}}",
        "{'environment': {'A': 'CANARY\\u0000'}}",
        "{'environment': {'A': 'CANARY\\ud800'}}",
        "{'environment': ['=CANARY']}",
        "{'environment': ['A=CANARY', 5]}",
        "{'environment': [['A=CANARY']]}",
        "{'environment': {'A': ['CANARY']}}",
        "{'environment': {'A': {'CANARY': 'CANARY'}}}",
        "{'environment': 'CANARY'}",
        "{'environment': {'A': 'CANARY'}, 'x': 1}",
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct spec *spec = NULL;
        struct error err = ERROR_INIT;
        ROW("%s", rows[i]);
        assert_int_equal(spec_parse(json_of(rows[i]), "busybox", &spec, &err), -EINVAL);
        assert_null(strstr(err.text, "CANARY"));
        assert_true(strlen(err.text) > 0);
    }
}

static bool locate(void *ctx, const char *path, char *ret_where, size_t size)
{
    if (strcmp(path, "volumes[1]") != 0 && strcmp(path, "healthcheck") != 0)
        return false;
    (void)snprintf(ret_where, size, "%s:7:3", (const char *)ctx);
    return true;
}

/* The nearest part that has a place is as near as it gets. */
static void places(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"{'volumes': ['/a', 'b']}", "f.yaml:7:3: volumes[1]: the path in the container, \"b\", is "
                                     "not absolute; begin it with \"/\""},
        {"{'healthcheck': {'test': ['x']}}",
         "f.yaml:7:3: healthcheck.test[0]: expected CMD, CMD-SHELL or NONE, found \"x\""},
        {"{'user': []}", "spec.user: expected a user's name or number, found a list"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct spec *spec = NULL;
        struct error err = ERROR_INIT;
        json_auto_t *service = json_loads(json_of(rows[i].json), 0, NULL);
        ROW("%s", rows[i].json);
        assert_int_equal(spec_from_json(service, "busybox", locate, "f.yaml", &spec, &err),
                         -EINVAL);
        assert_string_equal(err.text, rows[i].text);
    }
}

static void settings(void **state)
{
    static const struct {
        const char *json;
        struct spec_settings expect;
    } rows[] = {
        {"{}",
         {.ready = READY_STARTED,
          .ready_timeout_ns = 60 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S}},
        {"{'healthcheck': {'test': 'x'}, 'stop_grace_period': '1m'}",
         {.ready = READY_HEALTHY,
          .has_healthcheck = true,
          .ready_timeout_ns = 180 * NS_PER_S,
          .stop_grace_ns = 60 * NS_PER_S}},
        {"{'healthcheck': {'test': 'x', 'interval': '1s', 'timeout': '2s', 'retries': 4, "
         "'start_period': '50s'}}",
         {.ready = READY_HEALTHY,
          .has_healthcheck = true,
          .ready_timeout_ns = 62 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S}},
        {"{'healthcheck': {'test': 'x', 'interval': '1s', 'timeout': '1s', 'retries': 1}}",
         {.ready = READY_HEALTHY,
          .has_healthcheck = true,
          .ready_timeout_ns = 60 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S}},
        {"{'healthcheck': {'test': 'x', 'interval': '2000000h', 'timeout': '2000000h', 'retries': "
         "2147483647}}",
         {.ready = READY_HEALTHY,
          .has_healthcheck = true,
          .ready_timeout_ns = UINT64_MAX,
          .stop_grace_ns = 10 * NS_PER_S}},
        {"{'healthcheck': {'disable': true}}",
         {.ready = READY_STARTED,
          .ready_timeout_ns = 60 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S}},
        {"{'healthcheck': {'test': 'x'}, 'x-roost': {'ready': 'started', 'ready_timeout': '5s'}}",
         {.ready = READY_STARTED,
          .has_healthcheck = true,
          .ready_timeout_ns = 5 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S}},
        /* The image has the health check: its figures are not known, the engine's own are the best
           guess. */
        {"{'x-roost': {'ready': 'healthy'}}",
         {.ready = READY_HEALTHY,
          .ready_timeout_ns = 180 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S}},
        {"{'x-roost': {'ready': {'tcp': 5432}, 'sleep': 'pause', 'stop_after': '1h'}}",
         {.ready = READY_TCP,
          .ready_port = 5432,
          .ready_timeout_ns = 60 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S,
          .sleep = SLEEP_PAUSE,
          .stop_after_ns = 3600 * NS_PER_S}},
        {"{'x-roost': {'ready': {'http': {'port': 80, 'path': '/x', 'status': 204}}, "
         "'on_unhealthy': 'restart',"
         "'follow_image': true}, 'container_name': 'my-web'}",
         {.container_name = "my-web",
          .ready = READY_HTTP,
          .ready_port = 80,
          .ready_path = "/x",
          .ready_status = 204,
          .ready_timeout_ns = 60 * NS_PER_S,
          .stop_grace_ns = 10 * NS_PER_S,
          .restart_unhealthy = true,
          .follow_image = true}},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].json);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
        const struct spec_settings *s = spec_settings(spec), *e = &rows[i].expect;
        assert_string_equal(s->container_name ? s->container_name : "-",
                            e->container_name ? e->container_name : "-");
        assert_int_equal(s->ready, e->ready);
        assert_int_equal(s->ready_port, e->ready_port);
        assert_string_equal(s->ready_path ? s->ready_path : "-",
                            e->ready_path ? e->ready_path : "-");
        assert_int_equal(s->ready_status, e->ready_status);
        assert_int_equal(s->ready_timeout_ns, e->ready_timeout_ns);
        assert_int_equal(s->sleep, e->sleep);
        assert_int_equal(s->stop_after_ns, e->stop_after_ns);
        assert_int_equal(s->restart_unhealthy, e->restart_unhealthy);
        assert_int_equal(s->follow_image, e->follow_image);
        assert_int_equal(s->has_healthcheck, e->has_healthcheck);
        assert_int_equal(s->stop_grace_ns, e->stop_grace_ns);
        assert_int_equal(s->n_depends, 0);
    }
}

static void dependencies(void **state)
{
    _cleanup_(spec_freep) struct spec *spec = spec_of(
        "{'depends_on': {'db': {'condition': 'service_healthy', 'restart': false}, 'a': null,"
        "'job': {'condition': 'service_completed_successfully', 'required': false, 'restart': "
        "true}}}");
    const struct spec_settings *s = spec_settings(spec);
    assert_int_equal(s->n_depends, 3);
    assert_string_equal(s->depends[0].agent, "a");
    assert_int_equal(s->depends[0].condition, DEPENDS_STARTED);
    assert_false(s->depends[0].optional);
    assert_string_equal(s->depends[1].agent, "db");
    assert_int_equal(s->depends[1].condition, DEPENDS_HEALTHY);
    assert_false(s->depends[1].restart);
    assert_string_equal(s->depends[2].agent, "job");
    assert_int_equal(s->depends[2].condition, DEPENDS_COMPLETED);
    assert_true(s->depends[2].optional);
    assert_true(s->depends[2].restart);
}

static void restart_and_lifecycle(void **state)
{
    static const struct {
        const char *json;
        bool hot, lazy;
    } rows[] = {
        {"{}", true, true},
        {"{'restart': 'no'}", false, true},
        {"{'restart': 'always'}", true, false},
        {"{'restart': 'unless-stopped'}", true, false},
        {"{'restart': 'on-failure:2'}", true, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].json);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
        struct error err = ERROR_INIT;
        assert_int_equal(spec_check_lifecycle(spec, LIFECYCLE_HOT, NULL, NULL, &err) == 0,
                         rows[i].hot);
        if (!rows[i].hot)
            assert_string_equal(err.text,
                                "spec.restart: \"no\" contradicts lifecycle hot, from which the "
                                "restart policy follows; remove one");
        assert_int_equal(spec_check_lifecycle(spec, LIFECYCLE_LAZY, NULL, NULL, NULL) == 0,
                         rows[i].lazy);
    }
}

/* A row may be as long as this, and its canonical form too. */
static void size_limit(void **state)
{
    _cleanup_(buf_close) struct buf json = BUF_INIT((size_t)2 * SPEC_JSON_MAX);
    struct error err = ERROR_INIT;
    _cleanup_(spec_freep) struct spec *spec = NULL, *none = NULL;
    for (size_t more = 0; more <= 1; more++) {
        buf_reset(&json);
        (void)buf_printf(&json, "{\"labels\":{\"a\":\"%0*d\"}}", (int)(SPEC_JSON_MAX + more - 19),
                         0);
        ROW("%zu bytes", json.len);
        assert_int_equal(json.len, SPEC_JSON_MAX + more);
        assert_int_equal(spec_parse(json.data, "busybox", more ? &none : &spec, &err),
                         more ? -EINVAL : 0);
    }
    assert_string_equal(err.text, "spec: longer than 1048576 bytes");
}

struct resources {
    struct buf text;
};

static void each_resource(void *ctx, const char *kind, const char *key)
{
    struct resources *r = ctx;
    (void)buf_printf(&r->text, "%s %s, ", kind, key);
}

static void resources(void **state)
{
    static const struct {
        const char *json, *text;
    } rows[] = {
        {"{}", "network default, "},
        {"{'network_mode': 'host'}", ""},
        {"{'networks': ['b', 'a'], 'volumes': ['v:/v', '/h:/h', '/a', 'u:/u', 'v:/w']}",
         "network a, network b, volume u, volume v, "},
        {"{'networks': {'c': {'aliases': ['x']}}}", "network c, "},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("%s", rows[i].json);
        _cleanup_(spec_freep) struct spec *spec = spec_of(rows[i].json);
        struct resources r = {BUF_INIT(TEXT_SIZE)};
        spec_resources(spec, each_resource, &r);
        assert_string_equal(buf_text(&r.text), rows[i].text);
        buf_close(&r.text);
    }
}

static void key_names(void **state)
{
    size_t n = 0;
    bool has_command = false;
    for (; spec_key_name(n); n++)
        has_command = has_command || strcmp(spec_key_name(n), "command") == 0;
    assert_true(n > 20);
    assert_true(has_command);
    assert_null(spec_key_name(n + 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_forms), cmocka_unit_test(errors),
        cmocka_unit_test(images),          cmocka_unit_test(secrets_stay_secret),
        cmocka_unit_test(places),          cmocka_unit_test(settings),
        cmocka_unit_test(dependencies),    cmocka_unit_test(restart_and_lifecycle),
        cmocka_unit_test(size_limit),      cmocka_unit_test(resources),
        cmocka_unit_test(key_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
