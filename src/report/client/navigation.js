// Lays out all cards before a jump: while the heights of those that were never in view are guesses, it would miss its goal.

for (const link of document.querySelectorAll('nav a'))
  link.addEventListener('click', () => document.querySelector('.gallery')?.classList.add('whole'));

export {};
