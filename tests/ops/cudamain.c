/* main() of the op tests that need a GPU; a build without CUDA has only this part of
 * them. */
#include <stdio.h>

#include "check.h"
#include "checkop.h"
#if RIFEC_HAVE_CUDA
#include "checkcuda.h"
#endif

int main(int argc, char **argv)
{
    checkop_start(argc, argv);
#if RIFEC_HAVE_CUDA
    if (checkop_on_cuda())
        return checkcuda_main();
#endif
    printf("skipped: only with --cuda\n");
    return CHECK_SKIP;
}
