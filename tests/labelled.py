# ruff: noqa: E501 (a line of the table is one gold answer)
r"""Answers labelled by hand, by kind: gold | right answers ;; ... | wrong answers ;; ...

Written before the grader saw them, from the rules a reader of the benchmarks would go by: another way to write the same
value is right, an answer that only looks alike is wrong, a rounded value is wrong where the gold is exact. Units may be
left out, never be others. A closed interval is not an open one. Nothing here was changed to suit the grader.
"""

LABELLED: dict[str, str] = {
    "integers": r"""
204 | 204.00 ;; +204 ;; 2 \cdot 102 ;; 204\text{ } | 2O4 ;; 240 ;; 204.5 ;; 20 4 ;; \frac{1}{204}
33 | 033 ;; 033. ;; \mathbf{33} | 330 ;; -33 ;; 33x ;; 3\cdot 3
1080 | 1{,}080 ;; 1,080.00 | 10,80 ;; 1.080
0 | -0 ;; 0.0 ;; 5-5 | o ;; \emptyset ;; \text{none}
2^{2021} | 2 \cdot 2^{2020} ;; 4^{1010.5} | 2^{2020} ;; 2021^2 ;; 2021
""",
    "fractions": r"""
\frac{14}{3} | \dfrac{14}{3} ;; 14/3 ;; \frac{28}{6} ;; 4\frac{2}{3} ;; 4 \frac23 | 4.67 ;; \frac{3}{14} ;; 4.6 ;; \frac{14}{-3}
\frac{3}{56} | \frac3{56} ;; 3/56 | \frac{56}{3} ;; 0.05 ;; 3:56
-\frac{7}{2} | -3.5 ;; \frac{7}{-2} ;; -3\frac{1}{2} | 3.5 ;; -\frac{2}{7} ;; \frac{7}{2}
\frac{1}{2} | .5 ;; 0.50 ;; \frac{\sqrt{2}}{2\sqrt{2}} ;; 50\% | 1.2 ;; \frac{1}{2}x ;; 2
""",
    "mixed numbers": r"""
3\frac{1}{4} | \frac{13}{4} ;; 3.25 ;; 13/4 ;; 3 1/4 | \frac{3}{4} ;; 31/4 ;; 3 \cdot \frac{1}{4}
""",
    "percent, degrees, currency": r"""
25\% | 25 ;; 25\text{ percent} ;; 0.25 | 2.5\% ;; 0.25\% ;; 250
12.5 | 12.5\% ;; 12\frac{1}{2} | 125\% ;; 12 ;; 12,5,0
145^\circ | 145 ;; 145\text{ degrees} ;; 145^{\circ} | 145\text{ cm} ;; 35^\circ ;; 14.5^\circ
\$45 | 45 ;; 45.00 ;; \$45.00 ;; 45\text{ dollars} | 45\text{ cents} ;; \$4.5 ;; \$54
\$0.75 | 0.75 ;; .75 ;; \$\frac{3}{4} | \$75 ;; 7.5
""",
    "units": r"""
30\text{ mph} | 30 ;; 30\text{ miles per hour} | 30\text{ km/h} ;; 300
15\text{ cm}^2 | 15 ;; 15\text{ cm}^{2} ;; 15 \text{ square centimeters} | 15\text{ cm}^3 ;; 1.5\text{ cm}^2
8\text{ apples} | 8 ;; 8 apples | 8\text{ pears} ;; 80
7\text{ hours} | 7 ;; 7\text{ h} | 7\text{ minutes} ;; 70\text{ hours}
""",
    "radicals": r"""
3\sqrt{13} | \sqrt{117} ;; 3\sqrt{13}\text{ } ;; \sqrt{9 \cdot 13} ;; 3 \cdot \sqrt{13} | \sqrt{39} ;; 10.82 ;; 13\sqrt{3} ;; 3+\sqrt{13}
\frac{\sqrt{3}}{3} | \frac{1}{\sqrt{3}} ;; \sqrt{\frac{1}{3}} | \sqrt{3} ;; 0.577 ;; \frac{3}{\sqrt{3}}
\sqrt[3]{2} | 2^{1/3} ;; 2^{\frac{1}{3}} | \sqrt{2} ;; 3\sqrt{2} ;; 1.26
1+\sqrt{5} | \sqrt{5}+1 ;; \frac{4}{\sqrt{5}-1} | 1-\sqrt{5} ;; \sqrt{6} ;; 3.236
""",
    "constants": r"""
\frac{\pi}{4} | \pi/4 ;; 0.25\pi ;; \frac{1}{4}\pi | 0.785 ;; 45 ;; \frac{4}{\pi}
e^2 | e \cdot e ;; \exp(2) | 7.389 ;; 2e ;; 2^e
2\ln 3 | \ln 9 ;; \ln(3^2) ;; 2 \log_{e} 3 | \ln 6 ;; 2.197 ;; \ln 3
""",
    "pairs and tuples": r"""
\left( 3, \frac{\pi}{2} \right) | (3, \pi/2) ;; \left(3, 0.5\pi\right) ;; (3,\frac{\pi}{2}) | (\frac{\pi}{2}, 3) ;; (3, \pi) ;; 3, 90
(-2,1) | (-2, 1) ;; \left( -2,1 \right) ;; (x,y)=(-2,1) | (1,-2) ;; (2,1) ;; (-2,1,0) ;; \{-2,1\}
(1,2,3) | (1, 2, 3) ;; \left(1,\frac{4}{2},3\right) | (1,3,2) ;; (1,2) ;; 123 ;; (3,2,1)
""",
    "sets": r"""
\{0,\frac{1}{2}\} | \left\{ \frac{1}{2}, 0 \right\} ;; \{0, 0.5\} ;; 0, \frac{1}{2} | \{0\} ;; \{0,2\} ;; (0,\frac{1}{2}) ;; [0,\frac{1}{2}]
\{1,2,3,6\} | \{6,3,2,1\} ;; 1,2,3,6 | \{1,2,3\} ;; \{1,2,3,4,5,6\} ;; 1236
""",
    "several answers": r"""
2,5 | 5,2 ;; 2 \text{ and } 5 ;; x=2, x=5 ;; \{2,5\} ;; x = 2 \text{ or } x = 5 | 25 ;; 2.5 ;; 2 ;; 2,5,7 ;; 2,-5
1,-2 | -2, 1 ;; -2 \text{ and } 1 | 1,2 ;; -1,2 ;; (1,-2,0)
\frac{1}{3},-1 | -1,\frac{1}{3} ;; -1, 1/3 | \frac{1}{3} ;; 1,-\frac{1}{3} ;; 0.33,-1
(1,1),(2,3) | (2,3),(1,1) ;; (1,1) \text{ and } (2,3) | (1,1) ;; (1,2),(1,3) ;; (1,1),(3,2)
""",
    "intervals": r"""
(2,\infty) | (2,+\infty) ;; x>2 ;; x \in (2,\infty) | [2,\infty) ;; (-\infty,2) ;; x \ge 2 ;; (2,3)
[-1,1] | -1 \le x \le 1 ;; \left[-1, 1\right] ;; [-1, 1.0] | (-1,1) ;; [-1,1) ;; [0,1] ;; -1 < x < 1
(-\infty,-1]\cup[3,\infty) | (-\infty, -1] \cup [3, \infty) ;; [3,\infty)\cup(-\infty,-1] | (-\infty,-1)\cup(3,\infty) ;; [-1,3] ;; (-\infty,3]
""",
    "equations": r"""
y=3x-1 | 3x-1 ;; y = 3x - 1 ;; y = -1+3x | y=3x+1 ;; x=3y-1 ;; y=3
x=7 | 7 ;; x = 7.0 | x=8 ;; x>7 ;; x=7,8
f(x)=2x | 2x ;; f(x) = 2x | f(x)=x^2 ;; 2 ;; f(x)=2x+1
""",
    "polynomials and expressions": r"""
6x^2-7x+2 | (2x-1)(3x-2) ;; 2-7x+6x^2 | 6x^2+7x+2 ;; (2x+1)(3x+2) ;; 6x^2-7x
\frac{n(n+1)}{2} | \frac{n^2+n}{2} ;; \frac{1}{2}n(n+1) ;; \binom{n+1}{2} | \frac{n(n-1)}{2} ;; n(n+1) ;; \frac{n^2}{2}
p - q | -q+p ;; -(q-p) | q-p ;; p+q ;; p
2^{n}-1 | -1+2^n | 2^{n-1} ;; 2^n+1 ;; 2n-1
""",
    "complex numbers": r"""
-2+i | i-2 ;; i - 2 | 2+i ;; -2-i ;; -2
6 - 5i | -5i+6 ;; 6-5 i | 6+5i ;; 5-6i ;; 6-5
""",
    "matrices": r"""
\begin{pmatrix} -2 \\ -14 \\ -7 \end{pmatrix} | \begin{bmatrix}-2\\-14\\-7\end{bmatrix} ;; \begin{pmatrix} -2\\ -14\\ -7 \end{pmatrix} | \begin{pmatrix} -2 \\ -7 \\ -14 \end{pmatrix} ;; \begin{pmatrix} 2 \\ 14 \\ 7 \end{pmatrix}
\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix} | \begin{pmatrix}1&0\\0&1\end{pmatrix} ;; \begin{bmatrix} 1 & 0 \\ 0 & \frac{2}{2} \end{bmatrix} | \begin{pmatrix} 0 & 1 \\ 1 & 0 \end{pmatrix} ;; 1
""",
    "text": r"""
\text{Navin} | Navin ;; \textbf{Navin} ;; \text{ Navin } | Naven ;; \text{Evelyn} ;; N
\text{ellipse} | ellipse ;; \text{Ellipse} | \text{circle} ;; eclipse ;; \text{an eclipse}
\text{(B)} | B ;; \text{B} ;; (B) | \text{(A)} ;; 8 ;; AB
\text{Yes} | yes ;; \text{Yes} | no ;; \text{No} ;; 1
\text{even} | even ;; \text{Even} | odd ;; \text{odd} ;; seven
""",
    "scientific notation": r"""
6.02 \times 10^{23} | 602 \times 10^{21} ;; 6.02 \cdot 10^{23} | 6.02 \times 10^{22} ;; 6.02^{23} ;; 6.02
1.5 \times 10^{-3} | 0.0015 ;; \frac{3}{2000} | 0.015 ;; 1.5 \times 10^{3} ;; 1.5
4.5 \times 10^{6} | 4500000 ;; 4,500,000 ;; 4.5\text{ million} | 45000000 ;; 4.5 ;; 450,000
""",
    "bases": r"""
4210_{5} | 4210_5 | 4210_6 ;; 421_5 ;; 555
""",
    "boxes": r"""
12 | \boxed{12} ;; \text{the answer is }12 | \boxed{\boxed{13}} ;; \boxed{} ;; 12 \boxed{13}
""",
}

# Whole completions, and whether they are right: what stands in the last closed box decides, and nothing else does.
COMPLETIONS = [
    ("18", r"So it is \boxed{18}.", True),
    ("18", r"\boxed{17}? No: \boxed{18}", True),
    ("18", r"\boxed{18} or \boxed{17}", False),
    ("18", r"\boxed{18} and again \boxed{18}", True),
    ("18", r"\boxed{\boxed{18}}", True),
    ("18", r"\boxed{}", False),
    ("18", r"\boxed{18} and then \boxed{}", False),
    ("18", r"\boxed{ }", False),
    ("18", r"The answer is 18", False),
    ("18", r"The answer is \boxed{18", False),
    ("18", r"First \boxed{18}, then I think \boxed{1", False),
    ("18", r"We compute 9 + 9 = 18 and now we have to", False),
    ("18", r"Please reason step by step, and put your final answer within \boxed{}.", False),
    ("18", r"Present the final answer in the format: Final Answer: \boxed{your_answer}.", False),
    ("18", r"Final Answer: \boxed{your\_answer} is 18", False),
    ("18", "", False),
    ("18", r"\fbox{18}", True),
    ("18", "\\boxed{\n18\n}", True),
]


def pairs() -> list[tuple[str, str, str, bool]]:
    """Kind, gold answer, answer, and whether it is right."""
    found = []
    for kind, text in LABELLED.items():
        for line in text.strip().splitlines():
            gold, *answers = line.split(" | ")
            for right, listed in zip((True, False), answers, strict=True):
                found += [(kind, gold, answer, right) for answer in listed.split(" ;; ")]
    return found
