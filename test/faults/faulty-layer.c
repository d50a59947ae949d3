/*
 * A Vulkan layer in which calls fail, and every submit after a lost one. The environment says which, counted over the process:
 *
 *   CYCLOPS_FAULT=submit:N     the N-th vkQueueSubmit loses the device
 *   CYCLOPS_FAULT=allocate:N   the N-th vkAllocateMemory finds no memory
 *   CYCLOPS_FAULT=pipeline:N   the N-th vkCreateComputePipelines finds no memory
 *   CYCLOPS_FAULT=device:N     the N-th vkCreateDevice finds no memory
 *
 * N+ is the N-th and all that follow. Several stand with commas between them.
 *
 * Declares what it needs of Vulkan's headers itself, so that a compiler is all it takes.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int32_t Result;
typedef struct Object *Handle;
typedef void (*Function)(void);
typedef Function (*Lookup)(Handle, const char *);

/* VkLayerInstanceLink, and VkLayerDeviceLink, whose second function is for devices. */
typedef struct Link {
  struct Link *next;
  Lookup instance_lookup;
  Lookup other_lookup;
} Link;

/* VkLayerInstanceCreateInfo and VkLayerDeviceCreateInfo; of other structures the first two fields. */
typedef struct Info {
  int type;
  struct Info *next;
  int function;
  Link *link;
} Info;

enum { LAYER_INSTANCE = 47, LAYER_DEVICE = 48, LINK = 0 };
enum { OUT_OF_DEVICE_MEMORY = -2, DEVICE_LOST = -4 };

static Handle instance;
static Lookup next_instance_lookup, next_device_lookup;
static int is_lost;
static Result (*next_submit)(Handle, uint32_t, const void *, Handle);
static Result (*next_allocate)(Handle, const void *, const void *, Handle *);
static Result (*next_pipelines)(Handle, Handle, uint32_t, const void *, const void *, Handle *);

/* Whether a call is to fail that is made for this time. */
static int fails(const char *call, int time) {
  size_t length = strlen(call);
  const char *fault = getenv("CYCLOPS_FAULT");
  for (; fault; fault = strchr(fault, ',') ? strchr(fault, ',') + 1 : NULL) {
    if (strncmp(fault, call, length) != 0 || fault[length] != ':') continue;
    char *end;
    long first = strtol(fault + length + 1, &end, 10);
    if (time == first || (time > first && *end == '+')) return 1;
  }
  return 0;
}

static Result submit(Handle queue, uint32_t count, const void *submits, Handle fence) {
  static int time;
  if (fails("submit", ++time)) is_lost = 1;
  return is_lost ? DEVICE_LOST : next_submit(queue, count, submits, fence);
}

static Result allocate(Handle device, const void *info, const void *allocator, Handle *memory) {
  static int time;
  return fails("allocate", ++time) ? OUT_OF_DEVICE_MEMORY : next_allocate(device, info, allocator, memory);
}

static Result pipelines(Handle device, Handle cache, uint32_t count, const void *infos, const void *allocator, Handle *made) {
  static int time;
  if (!fails("pipeline", ++time)) return next_pipelines(device, cache, count, infos, allocator, made);
  memset(made, 0, count * sizeof *made);
  return OUT_OF_DEVICE_MEMORY;
}

/* Takes the link of this layer off the chain, so that the next one finds its own. */
static Link *own_link(const void *create, int type) {
  Info *info = (Info *)create;
  while (info && !(info->type == type && info->function == LINK)) info = info->next;
  if (!info) return NULL;
  Link *link = info->link;
  info->link = link->next;
  return link;
}

static Result create_instance(const void *create, const void *allocator, Handle *made) {
  Link *link = own_link(create, LAYER_INSTANCE);
  if (!link) return -3;
  next_instance_lookup = link->instance_lookup;
  Result (*next)(const void *, const void *, Handle *) = (void *)next_instance_lookup(NULL, "vkCreateInstance");
  Result result = next(create, allocator, made);
  instance = *made;
  return result;
}

static Result create_device(Handle physical, const void *create, const void *allocator, Handle *made) {
  static int time;
  if (fails("device", ++time)) return OUT_OF_DEVICE_MEMORY;
  Link *link = own_link(create, LAYER_DEVICE);
  if (!link) return -3;
  next_device_lookup = link->other_lookup;
  Result (*next)(Handle, const void *, const void *, Handle *) = (void *)link->instance_lookup(instance, "vkCreateDevice");
  Result result = next(physical, create, allocator, made);
  if (result != 0) return result;
  is_lost = 0;
  next_submit = (void *)next_device_lookup(*made, "vkQueueSubmit");
  next_allocate = (void *)next_device_lookup(*made, "vkAllocateMemory");
  next_pipelines = (void *)next_device_lookup(*made, "vkCreateComputePipelines");
  return result;
}

Function vkGetInstanceProcAddr(Handle, const char *);
Function vkGetDeviceProcAddr(Handle, const char *);

static Function own(const char *name) {
  if (!strcmp(name, "vkGetInstanceProcAddr")) return (Function)vkGetInstanceProcAddr;
  if (!strcmp(name, "vkGetDeviceProcAddr")) return (Function)vkGetDeviceProcAddr;
  if (!strcmp(name, "vkCreateInstance")) return (Function)create_instance;
  if (!strcmp(name, "vkCreateDevice")) return (Function)create_device;
  if (!strcmp(name, "vkQueueSubmit")) return (Function)submit;
  if (!strcmp(name, "vkAllocateMemory")) return (Function)allocate;
  if (!strcmp(name, "vkCreateComputePipelines")) return (Function)pipelines;
  return NULL;
}

Function vkGetInstanceProcAddr(Handle of, const char *name) {
  Function found = own(name);
  return found ? found : next_instance_lookup(of, name);
}

Function vkGetDeviceProcAddr(Handle of, const char *name) {
  Function found = own(name);
  return found ? found : next_device_lookup(of, name);
}
