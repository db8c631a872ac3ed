/* A CUDA driver and NVML in one library, for machines without a card. Compiled by fake_nvidia.py, which says what the
   environment variables mean. As the real driver does, it applies CUDA_VISIBLE_DEVICES; as the real NVML, it does not. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct { char name[100]; unsigned long long total, free; int major, minor; unsigned char uuid[16]; } Card;
typedef struct { unsigned int pid; unsigned long long memory; unsigned int gpu, compute; } Process;

static Card cards[16];
static int card_count, visible[16], visible_count;

static int number(const char *name, int fallback) {
    const char *text = getenv(name);
    return text ? atoi(text) : fallback;
}

static void read_cards(void) {
    char *lines = strdup(getenv("FAKE_CARDS") ? getenv("FAKE_CARDS") : "");
    card_count = 0;
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        Card *card = &cards[card_count++];
        char hex[33];
        sscanf(line, "%99[^|]|%llu|%llu|%d|%d|%32s", card->name, &card->total, &card->free, &card->major, &card->minor, hex);
        for (int i = 0; i < 16; i++) { unsigned int byte; sscanf(hex + 2 * i, "%2x", &byte); card->uuid[i] = byte; }
    }
    free(lines);
}

static void format_uuid(const unsigned char *u, const char *kind, char *text) {
    int at = sprintf(text, "%s-", kind);
    for (int i = 0; i < 16; i++) at += sprintf(text + at, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", u[i]);
}

static int find(const char *wanted) {
    char text[64];
    if (strncmp(wanted, "GPU-", 4) && strncmp(wanted, "MIG-", 4)) {
        int index = atoi(wanted);
        return index >= 0 && index < card_count ? index : -1;
    }
    for (int i = 0; i < card_count; i++) {
        format_uuid(cards[i].uuid, strncmp(wanted, "MIG-", 4) ? "GPU" : "MIG", text);
        if (!strncmp(text, wanted, strlen(wanted))) return i;
    }
    return -1;
}

int cuDriverGetVersion(int *version) { *version = number("FAKE_CUDA", 12080); return 0; }

int cuInit(unsigned int flags) {
    (void)flags;
    if (number("FAKE_ERROR", 0)) return number("FAKE_ERROR", 0);
    read_cards();
    visible_count = 0;
    const char *wanted = getenv("CUDA_VISIBLE_DEVICES");
    if (!wanted) {
        for (int i = 0; i < card_count; i++) visible[visible_count++] = i;
    } else {
        char *copy = strdup(wanted);
        for (char *one = strtok(copy, ","); one; one = strtok(NULL, ",")) {
            int index = find(one);
            if (index < 0) break; /* an invalid entry hides all that follow */
            visible[visible_count++] = index;
        }
        free(copy);
    }
    return visible_count ? 0 : 100;
}

int cuGetErrorString(int error, const char **text) { *text = error == 803 ? "system has unsupported display driver / cuda driver combination" : "unknown error"; return 0; }
int cuDeviceGetCount(int *count) { *count = visible_count; return 0; }
int cuDeviceGet(int *device, int index) { *device = visible[index]; return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = cards[device].total; return 0; }
int cuDeviceGetName(char *name, int length, int device) { snprintf(name, length, "%s", cards[device].name); return 0; }
int cuDeviceGetUuid_v2(unsigned char *uuid, int device) { memcpy(uuid, cards[device].uuid, 16); return 0; }
int cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? cards[device].major : cards[device].minor;
    return 0;
}

int nvmlInit_v2(void) { read_cards(); return number("FAKE_NVML_ERROR", 0); }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned int *count) { *count = card_count; return 0; }
int nvmlDeviceGetHandleByUUID(const char *uuid, void **handle) {
    int index = find(uuid);
    if (index < 0) return 6;
    *handle = &cards[index];
    return 0;
}
int nvmlDeviceGetMemoryInfo(void *handle, unsigned long long *memory) {
    Card *card = handle;
    memory[0] = card->total; memory[1] = card->free; memory[2] = card->total - card->free;
    return 0;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *handle, unsigned int *count, Process *processes) {
    char *lines = strdup(getenv("FAKE_PROCESSES") ? getenv("FAKE_PROCESSES") : "");
    unsigned int found = 0, card;
    for (char *line = strtok(lines, "\n"); line; line = strtok(NULL, "\n")) {
        Process process = {0};
        sscanf(line, "%u|%u|%llu", &card, &process.pid, &process.memory);
        if (&cards[card] != handle) continue;
        if (processes && found < *count) processes[found] = process;
        found++;
    }
    free(lines);
    int short_of = found > *count;
    *count = found;
    return short_of ? 7 : 0;
}
int nvmlSystemGetProcessName(unsigned int pid, char *name, unsigned int length) {
    snprintf(name, length, "/usr/bin/program-%u --option", pid);
    return 0;
}
