UNITS += config
config-srcs := guest/config.c guest/payload.c guest/fit.c guest/loader.c guest/filekind.c guest/tree.c guest/errline.c
