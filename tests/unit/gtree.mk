UNITS += gtree
gtree-srcs := guest/gtree.c guest/gtree_aia.c guest/fdtw.c guest/errline.c
