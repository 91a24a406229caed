// Starts Swagger UI on /docs. A file of its own, because the page's policy allows no inline script.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  SwaggerUIBundle({
    url: document.getElementById("swagger-ui").dataset.document,
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    filter: true,
    persistAuthorization: false,
    validatorUrl: null, // the default asks a server elsewhere
    presets: [SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
  });
});
