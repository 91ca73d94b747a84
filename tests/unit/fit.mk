UNITS += fit
fit-srcs := guest/fit.c guest/tree.c guest/errline.c
