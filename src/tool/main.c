/* rifec-weights as a program of its own: where FFmpeg, and so rifec, is missing. */
