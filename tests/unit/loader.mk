UNITS += loader
loader-srcs := guest/loader.c guest/errline.c
