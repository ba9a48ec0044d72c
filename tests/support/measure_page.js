// Runs in a browser, in a copy of a page: looks at what a reader sees, and leaves it as JSON in
// the attribute data-measured of the body. Read as a text by tests/support/browser.ts.
{
  const parseColor = (text) => text.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [red, green, blue] = color.map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  // WCAG 2.2, "contrast ratio".
  const contrast = (one, other) => {
    const [dark, light] = [one, other].map((text) => luminance(parseColor(text))).sort((a, b) =>
      a - b
    );
    return (light + 0.05) / (dark + 0.05);
  };
  const backgroundOf = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at);
      if ((parseColor(backgroundColor)[3] ?? 1) === 1) return backgroundColor;
    }
    return "rgb(255, 255, 255)";
  };
  const describe = (element) =>
    `${element.parentElement.tagName}.${element.parentElement.className} > ` +
    `${element.tagName}.${element.className.baseVal ?? element.className} ` +
    JSON.stringify(element.textContent.trim().slice(0, 30));
  const all = (selector) => [...document.querySelectorAll(selector)];
  const isInside = (inner, outer, slack) =>
    inner.left >= outer.left - slack && inner.right <= outer.right + slack &&
    inner.top >= outer.top - slack && inner.bottom <= outer.bottom + slack;

  // Each piece of text with the boxes of its lines; a label that its bar hides is none.
  const hiddenLabels = new Set();
  const brokenLabels = [];
  for (const label of all(".span b, .span bdi")) {
    const [box, bar] = [label.getBoundingClientRect(), label.parentElement.getBoundingClientRect()];
    if (box.top >= bar.bottom - 0.5) hiddenLabels.add(label);
    else if (!isInside(box, bar, 1.5)) brokenLabels.push(describe(label));
  }
  const texts = all("body *").flatMap((element) => {
    const nodes = [...element.childNodes].filter((node) =>
      node.nodeType === Node.TEXT_NODE && node.data.trim() !== ""
    );
    if (nodes.length === 0 || hiddenLabels.has(element)) return [];
    if (["SCRIPT", "STYLE"].includes(element.tagName)) return [];
    const boxes = nodes.flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()];
    });
    return [{ element, boxes }];
  });

  const overlaps = [];
  texts.forEach(({ element, boxes }, index) => {
    for (const other of texts.slice(index + 1)) {
      const overlap = boxes.some((a) =>
        other.boxes.some((b) =>
          Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
          // Boxes of lines are higher than their letters, so neighbours may touch.
          Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4
        )
      );
      if (overlap) overlaps.push(`${describe(element)} and ${describe(other.element)}`);
    }
  });

  const bars = all(".span").map((bar) => {
    const { left, right, width, height } = bar.getBoundingClientRect();
    const track = bar.parentElement.getBoundingClientRect();
    return {
      ...{ width, height },
      // Without the track's border, which is to the right.
      fromShare: (left - track.left) / bar.parentElement.clientWidth,
      // A bar of no time is still 3 pixels wide.
      isInside: left >= track.left - 1 && right <= track.right + 3,
      contrast: contrast(getComputedStyle(bar).backgroundColor, backgroundOf(document.body)),
    };
  });
  const contrasts = texts.map(({ element }) => {
    const { color, fill } = getComputedStyle(element);
    const isDrawn = element.namespaceURI.endsWith("/svg");
    return {
      what: describe(element),
      ratio: contrast(isDrawn ? fill : color, backgroundOf(element)),
    };
  });
  document.body.dataset.measured = encodeURIComponent(JSON.stringify({
    title: document.title,
    width: innerWidth,
    contentWidth: document.documentElement.scrollWidth,
    foreground: getComputedStyle(document.body).color,
    background: backgroundOf(document.body),
    // This script is one.
    strangers: all("script, img, [onerror], [style*=fixed], main h1 ~ h1").length - 1,
    rows: all(".row:not(.axis) h3").map((heading) => heading.textContent),
    legend: all(".legend li bdi").map((item) => item.textContent),
    marks: all(".marks span").map((mark) => mark.textContent),
    brokenMarks: texts.filter(({ element, boxes }) =>
      element.parentElement.className === "marks" && boxes.length !== 1
    ).length,
    stops: all(".stop").length,
    dots: all("svg circle").length,
    tables: all("table").map((table) =>
      table.tBodies[0].rows.length
    ),
    visibleLabels: all(".span bdi").length + all(".span b").length - hiddenLabels.size,
    texts: texts.length,
    ...{ brokenLabels, overlaps, bars, contrasts },
  }));
}
