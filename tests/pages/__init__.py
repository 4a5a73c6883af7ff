"""What people look at, looked at: HTML and MathML in Chromium, LaTeX compiled by pdfLaTeX."""
