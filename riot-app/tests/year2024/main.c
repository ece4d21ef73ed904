/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* In the shape of 2024: the five functions of its header, pointers that are not const, sizes as int, the names of its modules,
 * and nothing that has been added since. */
#include <stdlib.h>
#include <string.h>

#include "tinycontainer.h"

#include "kernel_defines.h"
#include "shell.h"
#include "xtimer.h"

#include "driver.h"
#include "tinycontainer_images.h"

#if !IS_USED(MODULE_TINYCONTAINER_RUNTIME_WAMR)
#error "the module of the 2024 runtime is not there"
#endif

#define SERVICE_PRIO        10
#define CONTROLLER_PRIO     11
#define CONTAINERS_PRIO     12

static char uid[] = "container--id--01";

static int cmd_load(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    uint8_t *metadata = (uint8_t *)tinycontainer_images[0].metadata;
    uint8_t *data = (uint8_t *)tinycontainer_images[0].data;
    uint8_t *code = (uint8_t *)tinycontainer_images[0].code;
    int metadata_size = tinycontainer_images[0].metadata_len;
    int data_size = tinycontainer_images[0].data_len;
    int code_size = tinycontainer_images[0].code_len;

    if (argc == 2) {
        /* With another uid than it was signed with. */
        static uint8_t changed[1024];
        memcpy(changed, metadata, metadata_size);
        for (int i = 0; i + (int)sizeof(uid) - 1 < metadata_size; i++) {
            if (memcmp(&changed[i], uid, sizeof(uid) - 1) == 0) {
                changed[i + sizeof(uid) - 2] = argv[1][0];
            }
        }
        metadata = changed;
    }
    bool done = tinycontainer_loadcontainer(metadata, metadata_size, data, data_size, code, code_size);
    puts(done == true ? "loaded" : "not loaded");
    return 0;
}

static int cmd_start(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts(tinycontainer_startcontainer((uint8_t *)uid, strlen(uid)) == true ? "started" : "not started");
    return 0;
}

static int cmd_stop(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts(tinycontainer_stopcontainer((uint8_t *)uid, strlen(uid)) == true ? "stopped" : "not stopped");
    return 0;
}

static int cmd_status(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts(tinycontainer_iscontainerrunning((uint8_t *)uid, strlen(uid)) == true ? "it runs" : "it does not run");
    return 0;
}

static int cmd_wait(int argc, char **argv)
{
    xtimer_msleep(argc == 2 ? atoi(argv[1]) : 1000);
    puts("waited");
    return 0;
}

static const shell_command_t shell_commands[] = {
    { "load", "load the container, or, with a letter, one with another uid", cmd_load },
    { "start", "start the container", cmd_start },
    { "stop", "stop the container", cmd_stop },
    { "status", "whether the container runs", cmd_status },
    { "wait", "let the container run", cmd_wait },
    { NULL, NULL, NULL }
};

int main(void)
{
    tinycontainer_init(CONTROLLER_PRIO, SERVICE_PRIO, CONTAINERS_PRIO, &io_driver);

    puts("ready");
    char line_buf[SHELL_DEFAULT_BUFSIZE];
    shell_run(shell_commands, line_buf, SHELL_DEFAULT_BUFSIZE);
    return 0;
}
