/* SPDX-License-Identifier: MIT
 *
 * roost version: of the program and of the libraries that it runs with.
 */
#include <curl/curl.h>
#include <microhttpd.h>
#include <nettle/version.h>
#include <sqlite3.h>
#include <stdio.h>
#include <uv.h>
#include <yaml.h>

#include "cli/cli.h"

static int run_version(struct cli *cli, struct error *err)
{
    char nettle[16];
    (void)snprintf(nettle, sizeof(nettle), "%d.%d", nettle_version_major(), nettle_version_minor());
    const struct {
        const char *name, *version;
    } libraries[] = {
        {"libuv", uv_version_string()},
        {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
        {"libmicrohttpd", MHD_get_version()},
        {"sqlite", sqlite3_libversion()},
        {"jansson", jansson_version_str()},
        {"libyaml", yaml_get_version_string()},
        {"nettle", nettle},
    };
    if (!cli->json)
        (void)puts("roost " ROOST_VERSION);
    json_auto_t *json = json_pack("{s:s,s:{}}", "roost", ROOST_VERSION, "libraries");
    for (size_t i = 0; i < ARRAY_LEN(libraries); i++) {
        (void)json_object_set_new(json_object_get(json, "libraries"), libraries[i].name,
                                  json_string(libraries[i].version));
        if (!cli->json && !cli->quiet)
            (void)printf("%-14s %s\n", libraries[i].name, libraries[i].version);
    }
    return cli->json ? cli_print_json(json, err) : EXIT_SUCCESS;
}

const struct command command_version = {
    .name = "version",
    .args = "",
    .summary = "show the version of roost and of its libraries",
    .help = "With -q only roost's own, on one line.\n",
    .run = run_version,
};
