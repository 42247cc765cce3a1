/**
 * The packed files of the browser's half: the ES modules, the demo page, and npm's {@code comlink}
 * when the jar was built where npm is. Nothing here serves them; a server asks {@link
 * dev.tautline.web.WebResources}.
 */
@NullMarked
package dev.tautline.web;

import org.jspecify.annotations.NullMarked;
