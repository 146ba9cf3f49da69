document.body.innerHTML = '<p>hi</p>';
