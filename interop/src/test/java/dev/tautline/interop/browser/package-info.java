/** Chromium and Firefox, driven through the WebDriver protocols. */
@NullMarked
package dev.tautline.interop.browser;

import org.jspecify.annotations.NullMarked;
