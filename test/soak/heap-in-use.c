/* An addon for Node: bytes of glibc's heap that are in use, also in mappings of their own. */
#define _GNU_SOURCE
#include <malloc.h>
#include <stddef.h>

/* What is needed of node_api.h, which a distribution's Node comes without. */
typedef struct env *napi_env;
typedef struct value *napi_value;
typedef struct info *napi_callback_info;
int napi_create_double(napi_env, double, napi_value *);
int napi_create_function(napi_env, const char *, size_t, napi_value (*)(napi_env, napi_callback_info), void *, napi_value *);

static napi_value heap_in_use(napi_env env, napi_callback_info info) {
  (void)info;
  struct mallinfo2 heap = mallinfo2();
  napi_value bytes;
  return napi_create_double(env, (double)(heap.uordblks + heap.hblkhd), &bytes) == 0 ? bytes : NULL;
}

napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  napi_value function;
  return napi_create_function(env, "heapInUse", 9, heap_in_use, NULL, &function) == 0 ? function : exports;
}
