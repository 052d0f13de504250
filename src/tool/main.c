/* rifec-weights as a program of its own, for builds without FFmpeg, and so without
 * rifec. */
#include "tool/tool.h"

int main(int argc, char **argv)
{
    return tool_main(argc, argv);
}
