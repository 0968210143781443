/* SPDX-License-Identifier: MIT
 *
 * Any text as the spec of a row: refused with a message, or it has a canonical form, which is its
 * own canonical form and has the same identity; and a request and a line can be made of it.
 */
#include <errno.h>

#include "base/buf.h"
#include "base/text.h"
#include "fuzz.h"
#include "spec/spec.h"

#define ROOM ((size_t)4 << 20)

static void check_made(const struct spec *spec)
{
    struct spec_context context = {.fleet = "demo",
                                   .agent = "web",
                                   .db_uid = "0123456789abcdef0123456789abcdef",
                                   .image = "busybox"};
    struct spec_request request = {0};
    struct error err = ERROR_INIT;
    _cleanup_(buf_close) struct buf line = BUF_INIT(ROOM);
    if (spec_request(spec, &context, &request, &err) == 0) {
        require(json_is_object(request.body));
        spec_request_close(&request);
    } else {
        require(error_is_set(&err));
    }
    err = (struct error)ERROR_INIT;
    if (spec_docker_line(spec, &context, true, &line, &err) < 0)
        require(error_is_set(&err));
}

static void check_round_trip(const struct spec *spec)
{
    _cleanup_(buf_close) struct buf once = BUF_INIT(ROOM), twice = BUF_INIT(ROOM);
    _cleanup_(spec_freep) struct spec *again = NULL;
    struct error err = ERROR_INIT;
    struct spec_id id, id_again;
    require(spec_canonical(spec, false, &once) == 0);
    require(spec_parse(buf_text(&once), "busybox", &again, &err) == 0);
    require(spec_canonical(again, false, &twice) == 0);
    require(strcmp(buf_text(&once), buf_text(&twice)) == 0);
    require(spec_id(spec, 1, &id) == 0 && spec_id(again, 1, &id_again) == 0);
    require(memcmp(id.sha256, id_again.sha256, sizeof(id.sha256)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    struct error err = ERROR_INIT;
    char *text = fuzz_text(data, size);
    if (spec_parse(text, "busybox", &spec, &err) == 0) {
        check_round_trip(spec);
        check_made(spec);
    } else {
        require(!spec && error_is_set(&err) && text_is_utf8(err.text, strlen(err.text)));
    }
    free(text);
    return 0;
}
