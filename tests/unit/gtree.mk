UNITS += gtree
gtree-srcs := guest/gtree.c guest/errline.c
