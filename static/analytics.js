// Sets up a third party's analytics, which a page loads only after its visitor agreed: shortened addresses, no
// advertising, cookies of this host alone, so that they can be withdrawn by it.
"use strict";

const tag = new URL(document.currentScript.dataset.tag);
window.dataLayer = window.dataLayer || [];
window.gtag = function () { window.dataLayer.push(arguments); };
window.gtag("js", new Date());
window.gtag("config", tag.searchParams.get("id"), {
  anonymize_ip: true,
  allow_google_signals: false,
  allow_ad_personalization_signals: false,
  cookie_domain: "none",
});
