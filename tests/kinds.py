# ruff: noqa: E501 (a line of the table is one gold answer)
r"""Right and wrong answers by kind of fault: gold <- answer ;; answer ..., as public issues and real golds taught them.

Beside `labelled.py`, whose table is older than the rules: this one was written with them. Each kind failed before.
`<U+200B>` stands for a character that nobody sees.
"""

import re

# kind: right answers, wrong answers
KINDS: dict[str, tuple[str, str]] = {
    "what is not read whole is equal to its own text alone": (
        r"""
1,2,\ldots,n <- 1, 2, \dots, n
x \equiv 2 \pmod{5} <- x \equiv 2 \pmod 5
\{1,2,\ldots,10\} <- \{1, 2, \dots, 10\}
n \equiv 1 \pmod{4} <- n \equiv 1\pmod 4
""",
        r"""
9 <- 1, 2, \ldots, 9
2 <- 1, 2, \ldots, n
1, 2, \ldots, n <- 2
7 <- x \equiv 3 \pmod 7
x \equiv 3 \pmod 7 <- x \equiv 4 \pmod 7
0 <- \begin{cases} x & x>0 \\ -x & x \le 0 \end{cases}
\begin{cases} 1 & n \text{ odd} \\ 5 & n \text{ even} \end{cases} <- 5
5 <- 3 \to 5 ;; 3 \nmid 5 ;; \{ n \in \mathbb{N} : n \le 5 \} ;; \{n \in \mathbb{Z} : n \geq 5\} ;; \forall x > 5 ;; x \Rightarrow 5
f(x)=a x+b, where b is an arbitrary integer, and a is an arbitrary positive integer with \mho(a)=0 <- f(x)=0
10 <- n \text{ divides } 10
8 <- \text{at most } 8
100 <- 1, 2, 3, \dots, 100
3 <- f: \mathbb{R} \to 3
x \equiv 2 \pmod{5} <- 5
""",
    ),
    "a root sign reaches over a whole number": (
        r"""
2\sqrt{13} <- 2√13
\frac{\sqrt{21}}{2} <- √21/2
10 <- 2√25
\sqrt{5+\sqrt{24}} <- √(5+√24)
4+\sqrt{26} <- 4+√26
\sqrt{2.5} <- √2.5
\sqrt[3]{24} <- ∛24
\sqrt{15} <- √15
3\sqrt{11}+1 <- 3√11 + 1
\frac{\sqrt{37}}{3} <- √37/3
""",
        r"""
6 <- 2√13 ;; 4+√26
3 <- √13
8 <- 1+√17
5 <- 2√25
1 <- √15 ;; √11
7 <- \sqrt17 ;; 1√7
2 <- √2 ;; 2√11
""",
    ),
    "two asterisks are a power, and bold around the whole": (
        r"""
8 <- 2**3
x^2+1 <- x**2+1
73 <- **73**
\frac{x^2}{4} <- x**2/4
12 <- **12**.
1000 <- 10**3
x=5 <- **x=5**
2^{n+1} <- 2**(n+1)
(1,2) <- **(1,2)**
(x+1)^2 <- (x+1)**2
16 <- 2**4
""",
        r"""
23 <- 2**3
2x <- x**2
210 <- 2**10
24 <- 2**4
3x-1 <- x**3-1
103 <- 10**3
33 <- 3**3
2100 <- 2**100
6 <- 2**3
""",
    ),
    "spaces at the ends say nothing": (
        r"""
12 <- \,12\, ;; 12\;
(1,2) <- \,(1,2)\,
\frac{3}{4} <- \;\dfrac{3}{4}\;
2\sqrt{3} <- \,2\sqrt{3}\,
\begin{pmatrix} 1 \\ 2 \end{pmatrix} <- \,\begin{pmatrix} 1 \\ 2 \end{pmatrix}\,
1,000 <- \,1{,}000\,
x+1 <- \,x+1\,
7 <- 7~ ;; \!7\!
[0,1) <- \,[0,1)\,
1000 <- \,1\,000\,
90^\circ <- \,90^\circ\,
""",
        r"""
8 <- \,7\,
12 <- 1\,2 ;; \hphantom{0}12
""",
    ),
    "the right side of an equation counts if its left side is a name": (
        r"""
x^2+1 <- f(x)=x^2+1
7 <- x_{max}=7 ;; 3+4=7 ;; k = 7.0
5 <- \text{The area is } = 5 ;; \angle ABC=5^\circ
10 <- 1+2+3+4=10
24 <- 4!=24
""",
        r"""
0 <- x^2-5x+6=0
12 <- 3x+4y=12 ;; x=3\cdot 5=12
6 <- 2x=6
1 <- x^2+y^2=1 ;; \frac{x^2}{4}+\frac{y^2}{9}=1 ;; x+2y+3z=1
3 <- 5=3 ;; |x|=3
4 <- y^2=4
3x+1 <- 2y=3x+1
5 <- n! = 5
8 <- \binom{n}{2}=8
""",
    ),
    "what is said of a value is not the value": (
        r"""
5 <- \approx 5 ;; = 5
\ge 5 <- \geq 5
12 <- \approx 12
\le 12 <- ≤12 ;; \leq 12
""",
        r"""
5 <- <5 ;; < 5 ;; \ge 5 ;; \ne 5 ;; \leq 5 ;; \gt 5
12 <- \sim 12 ;; \text{at least } 12 ;; > 12 ;; \nless 12
\sqrt{2} <- < \sqrt{2}
\frac{1}{2} <- \le \frac{1}{2}
x <- < x
""",
    ),
    "small numbers are compared relatively": (
        r"""
1.6 \times 10^{-19} <- 1.60 \times 10^{-19} ;; 16 \times 10^{-20}
1.38 \times 10^{-23} <- 1.38e-23 ;; 13.8 \times 10^{-24}
\frac{1}{2^{60}} <- 4^{-30}
0.00000045 <- 4.5\times 10^{-7}
0.0000672 <- 6.72 \times 10^{-5}
0.0000001 <- 10^{-7}
""",
        r"""
\frac{1}{2^{60}} <- \frac{1}{2^{61}} ;; -\frac{1}{2^{60}}
\frac{1}{52!} <- \frac{1}{51!}
1-\frac{1}{2^{64}} <- 1-\frac{1}{2^{65}}
6.63 \times 10^{-34} <- 6.64 \times 10^{-34}
1.6 \times 10^{-19} <- 9.1 \times 10^{-31} ;; 1.61 \times 10^{-19}
0.0000001 <- 0.0000002
1+10^{-20} <- 1
\pi+10^{-20} <- \pi
1 <- 1-2^{-70}
2-\frac{1}{2^{70}} <- 2
\frac{1}{100!} <- \frac{1}{99!}
10^{-18} <- 10^{-19}
2^{-80} <- -2^{-80}
""",
    ),
    "equations without solutions are not all one": (
        r"""
\frac{x^2}{4}+\frac{y^2}{9}=1 <- 9x^2+4y^2=36
3x+4y=12 <- 6x+8y=24 ;; 4y=12-3x
y=\frac{1}{x} <- xy=1
x^2+y^2=4 <- x^2+y^2-4=0
y=2x+1 <- 4x-2y+2=0 ;; 2x-y+1=0
x^2+1=0 <- 2x^2+2=0
""",
        r"""
x^2+1=0 <- x^2+4=0
x^2+y^2=-1 <- x^2+y^2=-5
x=x+1 <- x=x+2
x^2+y^2+1=0 <- x^2+y^2+2=0
\sin x=2 <- \sin x=3
x=x <- y=y
\sqrt{x}=-1 <- \sqrt{x}=-2
|x|=-1 <- |x|=-2
2^x=-1 <- 2^x=-8
e^x=0 <- e^x=-1
""",
    ),
    "lists as often as each value stands in them": (
        r"""
5,5,8 <- 8,5,5
10,10,20 <- 20,10,10
2,2,3 <- 3,2,2
-1,-1,2 <- 2,-1,-1
\{1,2\} <- \{1,2,2\}
1,1 <- 1,1
3,3,4 <- 4,3,3
5, 5 \text{ and } 8 <- 8, 5, 5
\frac12,\frac12,1 <- 0.5,1,0.5
""",
        r"""
5,5,8 <- 5,8,8 ;; 5,8
1,1,2,3 <- 1,2,3
x,x,y <- x,y,y
\sqrt2,\sqrt2,1 <- 1,\sqrt2
a=1,b=1,c=2 <- a=1,c=2
-3,-3,4 <- -3,4
7 <- 7,7
(1,2),(1,2),(3,4) <- (1,2),(3,4),(3,4)
\frac12,\frac12,1 <- 0.5,1,1
1,2,2 <- \{1,2\}
""",
    ),
    "named values keep their names against tuples": (
        r"""
x=1, y=2 <- (1,2)
u=3, v=1 <- v=1, u=3
(3,5) <- x=3, y=5
a=4,b=1 <- 4,1
x=3,y=5 <- (x,y)=(3,5) ;; y=5,x=3
p=7 \text{ and } q=3 <- (7,3)
x = 2; y = 1 <- (2,1)
k=-1,b=4 <- (-1,4)
x=1, y=2 <- (x,y)=(1,2) ;; \{x=1,y=2\}
""",
        r"""
x=1, y=2 <- (2,1)
a=1,b=2,c=3 <- (3,2,1)
x=3, y=5 <- (5,3)
a=2, b=9 <- (9,2)
r=2,\theta=\frac{\pi}{3} <- (\frac{\pi}{3},2)
u=3, v=1 <- v=3, u=1
m=2 \text{ and } n=7 <- (7,2)
x=1, y=2, z=3 <- (1,3,2)
(1,2,3) <- x=3,y=2,z=1
(x,y)=(3,5) <- (5,3)
x=1, y=2 <- (y,x)=(1,2)
x=1,2 <- q=1,2
""",
    ),
    "degrees count inside functions": (
        r"""
\frac{1}{2} <- \sin 30^\circ
1 <- \tan 45^\circ
\cos 20^\circ <- \sin 70^\circ
\cos\frac{360^\circ}{7} <- \cos\frac{2\pi}{7}
\tan 75^\circ <- 2+\sqrt{3}
2\sin 10^\circ <- 2\cos 80^\circ
\sin\frac{\pi}{9} <- \sin 20^\circ
\cos 72^\circ <- \sin 18^\circ
\frac{\sqrt3}{2} <- \cos 30^\circ ;; \sin(60^\circ)
\sin 18^\circ <- \frac{\sqrt5-1}{4}
""",
        r"""
\sin 20^\circ <- \sin 20 ;; \sin 21^\circ
\cos 40^\circ <- \cos 40
\tan 10^\circ <- \tan 10
\frac{1}{2} <- \sin 30
\cos 72^\circ <- \cos 72
\sin 100^\circ <- \sin 100
\csc 10^\circ <- \csc 10
2\sin 70^\circ <- 2\sin 70
""",
    ),
    "spaces between digits where TeX has them": (
        r"""
\log_{2} 3 <- \log_2 3
3 <- \log_2 8 ;; \log_5 125
200 <- 2^3 5^2
\frac{1}{2} <- \frac 1 2
2^3 \cdot 5^2 <- 2^3\,5^2
\log_4 9 <- \log_2 3
\frac{3}{4} <- \frac 3 4
\log_2 3 + 1 <- \log_2 3 + \log_2 2
3^2 \cdot 7 <- 3^2 7
3\sqrt{5} <- 3\sqrt 5
\lg 2 <- \log_{10} 2
500 <- 2^2 5^3
""",
        r"""
5 <- 2 3 ;; 4 1
23 <- 2 3
6 <- 2 3
\log_2 3 <- \log_3 2
12 <- 1 2
3 <- 1 2
\frac{12}{5} <- \frac 1 2 5
""",
    ),
    "sets of numbers in words and signs": (
        r"""
(-\infty,-1)\cup(4,\infty) <- x<-1 \text{ or } x>4
x<-1 \text{ or } x>4 <- (-\infty,-1)\cup(4,\infty)
-2<k<2 <- |k|<2
(2,\infty) <- \{x \mid x>2\}
\mathbb{R}\setminus\{1\} <- \mathbb{R}-\{1\}
f(x)=x,f(x)=-x <- f(x)=\pm x
(-\infty,-3)\cup(3,\infty) <- |x|>3
2,-2 <- x=\pm 2
\mathbb{R} <- -\infty<x<\infty ;; \text{all real numbers}
[-3,3] <- |x|\le 3
-1,1 <- \{-1,1\}
(2,3)\cup(3,\infty) <- x>2, x\ne 3
[2,5) <- x\ge 2 \text{ and } x<5
""",
        r"""
[-3,3] <- |x|< 3
x \ge 3 <- (3,\infty)
(2,3) <- ]2,3]
x>3 <- y>3
0<k<4 <- 0<k\le 4
[-1,1] <- -1\leq\sin x\leq 1
(-\infty,0]\cup[2,\infty) <- x<0 \text{ or } x>2
[1,2]\cup[3,4] <- [1,4]
(-\infty,0)\cup\{1\} <- (-\infty,0)\cap\{1\}
""",
    ),
    "Unicode": (
        r"""
6 <- ６
(1,2) <- （1，2）
x^4 <- x⁴
10^5 <- 10⁵
\frac12 <- ½
5 <- 5<U+200B> ;; 5。
101_2 <- 101₂
29 <- €29
10^{-6} <- 10⁻⁶
x^{10} <- x¹⁰
x\le 3 <- x≤3
\lfloor x \rfloor <- ⌊x⌋
12+3i <- １２＋３ｉ
7 <- <U+2060>7
\frac{3}{4} <- 3⁄4
|x| <- ∣x∣
""",
        r"""
\Delta <- δ
€29 <- £29
2n <- 2ⁿ
25 <- 2⁵
""",
    ),
    "units of several pieces": (
        r"""
5 <- 5 m^2
5\text{ m}^2 <- 5 m²
12 <- 12^\circ\text{C} ;; 12\ \frac{\text{m}}{\text{s}} ;; 12 m³
12\text{ years} <- 12\text{ years old}
40\text{ m/s} <- 40\,\mathrm{m}\,\mathrm{s}^{-1}
2\text{ h } 30 \text{ min} <- 2\text{ hours }30\text{ minutes}
3 <- 3\text{ mol}
5\text{ cm}, 7\text{ cm} <- 5, 7
15\text{ dollars} <- \$15
18 <- 18\text{ dollars per hour}
\frac{\pi}{4} <- \frac{\pi}{4}\text{ radians}
30\text{ years} <- 30\text{ years of age}
9 <- 9\ \text{cm}^{3}
""",
        r"""
3\text{ ft } 6\text{ in} <- 3\text{ feet }7\text{ inches}
8\text{ m}^2 <- 8\text{ cm}^2 ;; 8\text{ m}^3
5\text{ cm}, 7\text{ cm} <- 7\text{ m}, 5\text{ m}
5m^2 <- 5
1\text{ min }30\text{ s} <- 1\text{ min }31\text{ s}
9.8\text{ m/s}^2 <- 9.8\text{ m/s}
20^\circ\text{C} <- 20^\circ\text{F}
""",
    ),
    "words behind a number are units only if they are known": (
        r"""
7 <- 7 apples ;; 7 \text{ marbles} ;; 7 \text{ square units} ;; 7 \text{ miles per gallon}
9 <- 9 \text{ percent} ;; 9 \text{ cookies} ;; 9 \text{ people} ;; 9 \text{ cubic feet}
""",
        r"""
5 <- 5 \text{ is wrong}
18 <- 18\text{ is not the answer} ;; 18\text{ divided by a} ;; 18 wrong
9 <- 9 \text{ divided by } 2 ;; 9 \text{ has been ruled out} ;; 9 \text{ is too big} ;; 9 \text{ cubed} ;; 9 \text{ undefined} ;; 9 \text{ thousand}
7 <- 7\text{ impossible} ;; 7 \text{ hundred}
""",
    ),
    "options by their letter": (
        r"""
\text{(C)} <- \text{(C) } 18
C <- C: 18
A <- \text{A.}
\text{A, C} <- \text{C, A}
27 <- \text{(C) 27}
8 <- \text{(B) }8
D <- D. 12 ;; \textbf{(D)}\ 12
B <- \underline{B}
\text{(B)} <- \text{B)} ;; \text{Choice B} ;; \mathrm{(B)}
\text{A and D} <- \text{D, A}
""",
        r"""
\text{(A) }5 <- \text{(B) }5
12 <- \text{(D) 13}
\text{B, D} <- \text{B}
\text{(A) }\frac12 <- B
\text{(D) }12 <- \text{(E) }12
\text{A and D} <- \text{A}
D <- E. 12
\text{(B)} <- \text{(D) 8}
B <- 8
""",
    ),
    "a percent sign on one side alone": (
        r"""
33\frac{1}{3}\% <- \frac{1}{3}
37.5\% <- 37\frac{1}{2}\%
25 <- 25\%
16\frac{2}{3}\% <- \frac{50}{3}
30\% <- 30
0.05 <- 5\text{ percent}
150\% <- 1.5
\frac{2}{5} <- 40\%
62.5% <- 62\frac12\%
66\frac{2}{3}\% <- \frac{2}{3}
""",
        r"""
\frac{1}{4} <- \frac{1}{4}\%
12.5\% <- 1.25
0.05 <- 0.05\text{ percent}
25\% <- 0.25\%
0.75 <- 0.75 percent
0.3 <- 0.3\%
\frac{\sqrt2}{2} <- \frac{\sqrt2}{2}\%
\frac{\pi}{4} <- \frac{\pi}{4}\%
0.9 <- 0.9 \%
""",
    ),
    "repeating decimals, complex numbers, dress, roots, programs": (
        r"""
\frac{1}{3} <- 0.\overline{3} ;; 0.\dot{3}
0.\overline{27} <- \frac{3}{11}
5i <- 5e^{i\pi/2}
\frac{1+i}{2} <- \frac{1}{1-i}
2i <- (1+i)^2
73 <- \boldsymbol{73} ;; \textcolor{red}{73} ;; \underline{73} ;; \colorbox{red}{73} ;; \pmb{73}
\sqrt[3]{2} <- \sqrt[3]2
-2 <- \sqrt[3]{-8}
\frac{1}{\sqrt{n}} <- \sqrt{\frac{1}{n}}
6.02 \times 10^{23} <- 6.02e23
x^2+2x <- x^2 + 2*x
\arcsin x <- asin(x)
3+4i <- 3+4\mathrm{i}
\infty <- inf
0.1\dot{6} <- \frac16
18 <- \pounds 18 ;; \text{\$}18 ;; ``18''
5 <- __5__
10 <- {5 \choose 2}
1,3,5 <- 1, 3, \text{ and } 5
""",
        r"""
x <- \sqrt{x^2}
|x| <- x
\frac{1}{3} <- 0.\overline{4} ;; 0.3
\sqrt{x^2y} <- x\sqrt{y}
9.11 \times 10^{-31} <- 9.12e-31
2i <- (1-i)^2
2+2i <- 2-2i
""",
    ),
    "words are no products of letters": (
        r"""
ab <- ba
pq <- qp
pqr <- rqp
xy <- yx
Bob <- bob
ax <- xa
abc <- cab
AB <- BA
""",
        r"""
no <- on
Ann <- Nan
on <- no
top <- pot
odd <- dod
one <- eon
to <- ot
was <- saw
two <- tow
is <- si
ABCD <- DCBA
\text{Evelyn} <- -\text{Evelyn}
""",
    ),
    "capital and small letters, and primes": (
        r"""
f'(x)=2x <- f'(x)=2x
f^{\prime}(x)=2x <- f'(x)=2x
2RC+R+C <- R+C+2CR
y''+y=0 <- y''+y=0
f'(x)=2x <- 2x
""",
        r"""
R-r <- 0
1 <- \frac{R}{r}
\pi R^2 <- \pi r^2
\frac{M}{M+m} <- \frac12
N=n <- N=n+1 ;; N=n-1
f'(x)=2x <- f(x)=2x
\pi R^2 h <- \pi r^2 h
f''(x)=2 <- f'(x)=2
2\Delta <- 2\delta
mM <- m^2
M=n <- M=n+1
2RC+R+C <- 2rc+r+c
g''(0) <- g'(0)
3\Gamma <- 3\gamma
""",
    ),
    "times and dates are texts": (
        r"""
10:15 \text{ a.m.} <- 10:15 AM
2024-06-05 <- 2024-06-05
\text{May 5} <- 5 May
\text{July 4} <- \text{July 4th}
9:05 <- 9:05\text{ pm}
09:05 <- 9:05
2:30:15 <- 2:30:15
9:05 \text{ p.m.} <- 9:05 PM
5:45 <- 05:45
""",
        r"""
3:30 <- 1:10 ;; 0.1
2017 <- 2023-01-05
12/25/2000 <- 12/24/2000
4:15 <- \frac{4}{15}
2:30 <- 0.0667 ;; 1:15
\text{Tuesday} <- Thursday
6:00 <- 6
5:45 <- 0.111111
1:2:3 <- 1:2:4
2017 <- 2023-06
""",
    ),
    "rows of OlympiadBench": (
        "",
        r"""
16,3,1,1 <- 16,3,1 ;; 16,3,3,1
-2,-2 <- -2
""",
    ),
    "braces around a pair make no set of it": (
        r"""
(6,31,-1) <- {(6,31,-1)}
(3,4] <- {(3,4]}
\left(\frac12,3\right) <- {\left(\frac12,3\right)}
[1,2) <- {[1,2)}
(1,2,3) <- {(1,2,3)}
(1,2) <- {\left(1,2\right)} ;; \text{(1,2)} ;; {{(1,2)}}
(1,2),(3,4) <- {(1,2)},{(3,4)}
5 <- {5}
""",
        r"""
(1,2) <- {(2,1)} ;; {[1,2]}
""",
    ),
}


def pairs(text: str) -> list[tuple[str, str]]:
    """Gold and answer."""
    seen = re.sub(r"<U\+(\w{4})>", lambda code: chr(int(code[1], 16)), text)
    lines = [line.split(" <- ") for line in seen.strip().splitlines()]
    return [(gold, answer) for gold, answers in lines for answer in answers.split(" ;; ")]
