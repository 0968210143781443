/* SPDX-License-Identifier: MIT
 *
 * A text file as a C string: EMBED_NAME[] holds the bytes of EMBED_FILE and a NUL.
 */
    .section .rodata
    .global EMBED_NAME
    .type EMBED_NAME, @object
EMBED_NAME:
    .incbin EMBED_FILE
    .byte 0
    .size EMBED_NAME, . - EMBED_NAME
    .section .note.GNU-stack, "", @progbits
