/* rifec-weights as a program of its own: where FFmpeg, and so rifec, is missing. */
#include "tool/tool.h"

int main(int argc, char **argv)
{
    return tool_main(argc, argv);
}
