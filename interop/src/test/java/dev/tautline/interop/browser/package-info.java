/** Chromium, driven through ChromeDriver's WebDriver protocol. */
@NullMarked
package dev.tautline.interop.browser;

import org.jspecify.annotations.NullMarked;
