/*
 * The default model, byte for byte, in the read-only data of the library.
 * RIFEC_MODEL_FILE is the path, given by the build.
 */
    .section .rodata
    .global rifec_embedded_model
    .global rifec_embedded_model_end
    .hidden rifec_embedded_model
    .hidden rifec_embedded_model_end
    .balign 64
rifec_embedded_model:
    .incbin RIFEC_MODEL_FILE
rifec_embedded_model_end:
    .byte 0

#if defined(__linux__) && defined(__ELF__)
    .section .note.GNU-stack, "", %progbits
#endif
