/*
 * SPDX-FileCopyrightText: 2026 TinyContainer contributors
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/* The smallest host: loads its images and starts them. */
#include <stdio.h>
#include <string.h>

#include "thread.h"
#include "tinycontainer.h"
#include "tinycontainer_images.h"

int main(void)
{
    if (tinycontainer_init(THREAD_PRIORITY_MAIN - 3, THREAD_PRIORITY_MAIN - 2, THREAD_PRIORITY_MAIN + 1, NULL) < 0) {
        puts("TinyContainer cannot start");
        return 1;
    }
    for (unsigned i = 0; i < TINYCONTAINER_IMAGES_NUMOF; i++) {
        const tinycontainer_image_t *image = &tinycontainer_images[i];
        const uint8_t *uid = (const uint8_t *)image->name;
        bool runs = tinycontainer_loadcontainer(image->metadata, image->metadata_len, image->data, image->data_len,
                                                image->code, image->code_len)
                    && tinycontainer_startcontainer(uid, strlen(image->name));
        puts(image->name);
        puts(runs ? "runs" : "is refused");
    }
    return 0;
}
