UNITS += gtree
gtree-srcs := guest/gtree.c guest/gtree_aia.c guest/errline.c
