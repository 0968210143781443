/* SPDX-License-Identifier: MIT
 *
 * For cppcheck, which is not shown the libraries' headers: the loops that are macros there. */
#define json_array_foreach(array, i, value)                                                        \
    for (i = 0; i < json_array_size(array) && (value = json_array_get(array, i)); i++)
#define json_object_foreach(object, key, value)                                                    \
    for (key = first_key(object); key && (value = value_of(key)); key = next_key(object, key))
#define json_object_foreach_safe(object, n, key, value) json_object_foreach (object, key, value)
#define DL_FOREACH_SAFE(head, each, next)                                                          \
    for (each = head; each && (next = each->next, true); each = next)
