/* SPDX-License-Identifier: MIT
 *
 * Giving back memory that only the start, or a large listing, needed.
 */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "daemon/fleet.h"

/* The code of libraries that only their initialisation ran stays resident until somebody is short
 * of memory. It is clean and comes back from the page cache when it is called again, so let go of
 * it: only of mappings that are executable, since those hold nothing that was written. */
static void drop_cold_code(void)
{
    char line[512], permissions[5], path[256];
    uintptr_t begin, end;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps && fgets(line, sizeof(line), maps)) {
        path[0] = '\0';
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %*s %*s %255s", &begin, &end,
                   permissions, path) >= 3 &&
            strcmp(permissions, "r-xp") == 0 && path[0] == '/')
            (void)madvise((void *)begin, end - begin,
                          MADV_DONTNEED); // NOLINT(performance-no-int-to-ptr)
    }
    if (maps)
        (void)fclose(maps);
}

void fleet_trim(struct fleet *f)
{
    store_trim(f->store);
    (void)malloc_trim(0);
}

void fleet_trim_start(struct fleet *f)
{
    drop_cold_code();
    fleet_trim(f);
}
